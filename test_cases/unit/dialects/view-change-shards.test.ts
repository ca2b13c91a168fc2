import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ViewChangeNode } from '../../support/view-change-node.ts';

const KEYS = 60;

let nodes: readonly ViewChangeNode[];

beforeAll(async () => {
  nodes = await ViewChangeNode.startView(3);
});

afterAll(() => Promise.all(nodes.map((node) => node.stop())));

/** What one node answers; the body without its `address`, and that. */
async function ask(node: ViewChangeNode, method: string, key: string, body?: unknown) {
  const { status, body: answered } = await node.ask(method, `/kvs/keys/${key}`, body);
  const { address = node.address, ...rest } = answered as { readonly address?: string };
  return { status, body: rest, address, isForwarded: Object.hasOwn(answered as object, 'address') };
}

/** The number of keys on each node, by its address. */
async function counts(): Promise<ReadonlyMap<string, number>> {
  const answers = await Promise.all(nodes.map((node) => node.ask('GET', '/kvs/key-count')));
  return new Map(
    answers.map(({ body }, at) => [nodes[at]!.address, (body as Record<string, number>)['key-count']!]),
  );
}

const total = async () => [...(await counts()).values()].reduce((sum, count) => sum + count, 0);

describe('nodes of one view', () => {
  it('answer for any key, and name the node that has it where that is another one', async () => {
    const homes: string[] = [];
    for (let i = 0; i < KEYS; i++) {
      const key = `spread${i}`;
      const put = await ask(nodes[i % 3]!, 'PUT', key, { value: i });
      expect(put).toMatchObject({ status: 201, body: { message: 'Added successfully', replaced: false } });
      for (const node of nodes) {
        const got = await ask(node, 'GET', key);
        const body = { doesExist: true, message: 'Retrieved successfully', value: i };
        expect(got).toEqual({
          status: 200,
          body,
          address: put.address,
          isForwarded: node.address !== put.address,
        });
      }
      homes.push(put.address);
    }
    for (const [address, count] of await counts())
      expect(count).toBe(homes.filter((home) => home === address).length);
  });

  it('say the same of a key that is not there, replaced, or deleted', async () => {
    for (const [at, node] of nodes.entries()) {
      const other = nodes[(at + 1) % 3]!;
      const body = { doesExist: false, error: 'Key does not exist', message: 'Error in GET' };
      expect(await ask(node, 'GET', 'gone')).toMatchObject({ status: 404, body });
      expect(await ask(node, 'PUT', 'gone', { value: 1 })).toMatchObject({ status: 201 });
      expect(await ask(other, 'PUT', 'gone', { value: 2 })).toMatchObject({
        status: 200,
        body: { message: 'Updated successfully', replaced: true },
      });
      expect(await ask(node, 'DELETE', 'gone')).toMatchObject({
        status: 200,
        body: { doesExist: true, message: 'Deleted successfully' },
      });
      expect(await ask(other, 'DELETE', 'gone')).toMatchObject({
        status: 404,
        body: { ...body, message: 'Error in DELETE' },
      });
    }
  });

  it('check a request where it is asked, the value first', async () => {
    const long = 'k'.repeat(51);
    for (const node of nodes) {
      const refused = { status: 400, isForwarded: false };
      expect(await ask(node, 'PUT', long, { value: 1 })).toMatchObject({
        ...refused,
        body: { error: 'Key is too long', message: 'Error in PUT' },
      });
      for (const key of [long, 'a', 'b', 'c'])
        expect(await ask(node, 'PUT', key, {})).toMatchObject({
          ...refused,
          body: { error: 'Value is missing', message: 'Error in PUT' },
        });
    }
  });

  it('add a key once for clients of all nodes at the same time', async () => {
    const before = await total();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, value) => ask(nodes[value % 3]!, 'PUT', 'race', { value })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...new Array(29).fill(200), 201]);
    expect(await total()).toBe(before + 1);
  });

  it('tell of the view that they are, in the order that is asked for', async () => {
    const view = nodes.toReversed().map(({ address }) => address);
    const known = await counts();
    const shards = view.map((address) => ({ address, 'key-count': known.get(address) }));
    for (const node of nodes)
      expect(await node.ask('PUT', '/kvs/view-change', { view: view.join(',') })).toEqual({
        status: 200,
        body: { message: 'View change successful', shards },
      });
  });

  it('refuse another view, and keep theirs', async () => {
    const [first, second] = nodes;
    const before = await counts();
    for (const view of [
      first!.address,
      `${first!.address},${second!.address}`,
      `${first!.address},127.0.0.1:1`,
    ])
      expect(await first!.ask('PUT', '/kvs/view-change', { view })).toEqual({
        status: 503,
        body: { error: 'Unable to satisfy request', message: 'Error in PUT' },
      });
    expect(await counts()).toEqual(before);
  });

  it('have no paths of the main instance of forward', async () => {
    expect((await nodes[0]!.ask('GET', '/hello')).status).toBe(404);
  });
});

it('keys of a node that is down fail, for each method, and no others', async () => {
  const view = await ViewChangeNode.startView(2);
  const [asked, other] = view;
  const homes = new Map<string, string>();
  for (let i = 0; homes.size < 2; i++)
    homes.set((await ask(asked!, 'PUT', `key${i}`, { value: i })).address, `key${i}`);
  await other!.stop();
  const asking = ['GET', 'PUT', 'DELETE'].map(async (method) => {
    const body = method === 'PUT' ? { value: 1 } : undefined;
    expect(await ask(asked!, method, homes.get(other!.address)!, body)).toMatchObject({
      status: 503,
      body: { error: 'Main instance is down', message: `Error in ${method}` },
      isForwarded: false,
    });
  });
  const own = homes.get(asked!.address)!;
  for (const method of ['GET', 'PUT', 'DELETE'])
    expect(await ask(asked!, method, own, method === 'PUT' ? { value: 1 } : undefined)).toMatchObject({
      status: 200,
      isForwarded: false,
    });
  await Promise.all(asking);
  const both = view.map(({ address }) => address).join();
  expect((await asked!.ask('PUT', '/kvs/view-change', { view: both })).status).toBe(503);
  await asked!.stop();
});
