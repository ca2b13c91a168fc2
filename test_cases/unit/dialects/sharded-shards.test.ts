import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ShardedClient } from '../../support/sharded-client.ts';
import { ShardedNode } from '../../support/sharded-node.ts';

const KEYS = 100;

const PATH = '/key-value-store-shard';

/** What a node tells of shards, under the name that it has in the body. */
async function told(node: ShardedNode, path: string, name: string): Promise<unknown> {
  const { status, body } = await node.ask('GET', `${PATH}/${path}`);
  expect(status).toBe(200);
  return (body as Record<string, unknown>)[name];
}

async function viewOf(node: ShardedNode): Promise<readonly string[]> {
  const { view } = (await node.ask('GET', '/key-value-store-view')).body as { readonly view: unknown };
  return typeof view === 'string' ? view.split(',') : (view as readonly string[]);
}

/** All links are there. */
async function areWhole(nodes: readonly ShardedNode[]): Promise<void> {
  for (const node of nodes)
    await eventually(async () => expect((await viewOf(node)).length).toBe(nodes.length));
}

const unreachable = { status: 406, body: { message: "Couldn't find the shard" } };

describe.each([
  { flavour: 'joined', count: 7, shards: 3 },
  { flavour: 'array', count: 4, shards: 2 },
] as const)('$count nodes in $shards shards, with lists that are $flavour', ({ flavour, count, shards }) => {
  let nodes: readonly ShardedNode[];
  const ids = Array.from({ length: shards }, (_, at) => at + 1);
  const id = (shard: number) => (flavour === 'joined' ? String(shard) : shard);
  const list = (items: readonly unknown[]) => (flavour === 'joined' ? items.join() : items);
  /** The nodes of a shard, by the rule of the page. */
  const nodesOf = (shard: number) => nodes.filter((_, place) => (place % shards) + 1 === shard);

  beforeAll(async () => {
    nodes = await ShardedNode.startView(count, flavour, shards);
    await areWhole(nodes);
  });

  afterEach(() => ShardedNode.heal(nodes));

  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  /** The shard that has the key, as every node says. */
  async function shardOf(key: string): Promise<number> {
    const client = new ShardedClient();
    const { body } = await client.ask(nodes[0]!, 'PUT', key, 'any');
    return Number((body as Record<string, unknown>)['shard-id']);
  }

  /** A key that the shard has, and that nobody has used. */
  async function keyIn(shard: number, name: string): Promise<string> {
    for (let i = 0; ; i++) if ((await shardOf(`${name}${i}`)) === shard) return `${name}${i}`;
  }

  it('are dealt out by the order of their addresses, as every node says', async () => {
    for (const [place, node] of nodes.entries()) {
      expect(await told(node, 'shard-ids', 'shard-ids')).toEqual(list(ids));
      expect(await told(node, 'node-shard-id', 'shard-id')).toEqual(id((place % shards) + 1));
      for (const shard of ids)
        expect(await told(node, `shard-id-members/${shard}`, 'shard-id-members')).toEqual(
          list(nodesOf(shard).map(({ address }) => address)),
        );
      for (const name of ['members', 'key-count'])
        for (const unknown of [0, shards + 1, 'x'])
          expect((await node.ask('GET', `${PATH}/shard-id-${name}/${unknown}`)).status).toBe(404);
    }
  });

  it('answer for any key at any node, the metadata handed on', async () => {
    for (const [at, node] of nodes.entries()) {
      const client = new ShardedClient();
      const key = `any${at}`;
      const next = (i: number) => nodes[(at + i) % count]!;
      expect(await client.ask(node, 'GET', key)).toMatchObject({ status: 404 });
      const added = await client.ask(node, 'PUT', key, { a: [1.5, null] });
      const shard = (added.body as Record<string, unknown>)['shard-id'];
      expect(list(ids)).toContain(shard);
      expect(added.body).toEqual({ message: 'Added successfully', replaced: false, 'shard-id': shard });
      const first = client.version;
      expect(await client.ask(next(1), 'PUT', key, 'two')).toEqual({
        status: 200,
        body: { message: 'Updated successfully', replaced: true, 'shard-id': shard },
      });
      expect(BigInt(client.version)).toBeGreaterThan(BigInt(first));
      const second = client.version;
      for (const other of nodes) {
        expect(await client.ask(other, 'GET', key)).toEqual({
          status: 200,
          body: { doesExist: true, message: 'Retrieved successfully', value: 'two', 'shard-id': shard },
        });
        expect(client.version).toBe(second);
      }
      expect(await client.ask(next(2), 'DELETE', key)).toEqual({
        status: 200,
        body: { doesExist: true, message: 'Deleted successfully', 'shard-id': shard },
      });
      for (const other of nodes)
        expect(await client.ask(other, 'GET', key)).toMatchObject({
          status: 404,
          body: { doesExist: false, error: 'Key does not exist', message: 'Error in GET' },
        });
      expect(await client.ask(next(3), 'DELETE', key)).toMatchObject({
        status: 404,
        body: { message: 'Error in DELETE' },
      });
    }
  });

  it('check a write at the node that was asked', async () => {
    for (const node of nodes.slice(0, shards)) {
      const put = async (key: string, body: unknown) => node.ask('PUT', `/key-value-store/${key}`, body);
      for (const i of [0, 1, 2, 3]) {
        expect((await put(`flawed${i}`, {})).body).toMatchObject({ error: 'Value is missing' });
        const metadata = { value: 1, 'causal-metadata': 'forged' };
        expect((await put(`flawed${i}`, metadata)).status).toBe(400);
        expect((await put(`${i}`.padEnd(51, 'k'), { value: 1 })).body).toMatchObject({
          error: 'Key is too long',
        });
      }
    }
  });

  it('count each key once, alike at all nodes', async () => {
    const counts = async (node: ShardedNode) =>
      Promise.all(ids.map((shard) => told(node, `shard-id-key-count/${shard}`, 'shard-id-key-count')));
    const sum = (all: readonly unknown[]) => all.reduce((total: number, one) => total + Number(one), 0);
    const before = (await counts(nodes[0]!)).map(Number);
    const client = new ShardedClient();
    for (let i = 0; i < KEYS; i++)
      expect((await client.ask(nodes[i % count]!, 'PUT', `spread${i}`, i)).status).toBe(201);
    await eventually(async () => {
      const first = await counts(nodes[0]!);
      expect(sum(first)).toBe(KEYS + sum(before));
      for (const node of nodes) expect(await counts(node)).toEqual(first);
    });
    for (const [at, total] of (await counts(nodes[1]!)).entries()) {
      expect(typeof total).toBe(flavour === 'joined' ? 'string' : 'number');
      expect(Number(total)).toBeGreaterThan(before[at]!);
    }
    const { metadata } = client;
    expect(String(metadata).length).toBeLessThan(700);
    for (let i = 0; i < KEYS; i++) {
      const { body } = await client.ask(nodes[(i + 1) % count]!, 'GET', `spread${i}`);
      expect(body).toMatchObject({ value: i });
    }
    expect(client.metadata).toBe(metadata);
  });

  it('show with a write what it depends on in another shard', async () => {
    const [cause, effect] = [await keyIn(1, 'cause'), await keyIn(2, 'effect')];
    const writer = new ShardedClient();
    const writing = async () => {
      for (let i = 1; i <= 40; i++) {
        await writer.ask(nodes[i % count]!, 'PUT', cause, i);
        await writer.ask(nodes[(3 * i + 1) % count]!, 'PUT', effect, i);
      }
    };
    const reading = nodes.map(async (node, at) => {
      for (let i = 0; i < 30; i++) {
        const client = new ShardedClient();
        const { value: later } = (await client.ask(node, 'GET', effect)).body;
        const { value: earlier } = (await client.ask(nodes[(at + i) % count]!, 'GET', cause)).body;
        if (typeof later === 'number') expect(earlier).toBeGreaterThanOrEqual(later);
      }
    });
    await Promise.all([writing(), ...reading]);
  });

  it('lose a shard whose nodes are all cut off, and serve the others', async () => {
    const [far, near] = [await keyIn(2, 'far'), await keyIn(1, 'near')];
    const [lost, others] = [nodesOf(2), nodes.filter((node) => !nodesOf(2).includes(node))];
    ShardedNode.cut(lost, others);
    const asked = others[0]!;
    await eventually(async () => expect((await viewOf(asked)).length).toBe(others.length));
    const client = new ShardedClient();
    for (const [method, value] of [['PUT', 1], ['GET'], ['DELETE']] as const)
      expect(await client.ask(asked, method, far, value)).toEqual(unreachable);
    expect(await told(asked, 'shard-ids', 'shard-ids')).toEqual(list(ids));
    expect(await told(asked, 'shard-id-members/2', 'shard-id-members')).toEqual(list([]));
    expect(await asked.ask('GET', `${PATH}/shard-id-key-count/2`)).toEqual(unreachable);
    for (const node of others) expect((await client.ask(node, 'PUT', near, 'here')).status).toBe(200);
    ShardedNode.heal(nodes);
    await areWhole(nodes);
    expect((await client.ask(asked, 'GET', far)).body).toMatchObject({ value: 'any' });
  });

  it('serve a shard by whoever of it can be reached, which gets later what it has missed', async () => {
    const key = await keyIn(2, 'half');
    const [gone, ...staying] = nodesOf(2);
    const others = nodes.filter((node) => node !== gone);
    ShardedNode.cut([gone!], others);
    const asked = nodesOf(1)[0]!;
    const client = new ShardedClient();
    for (let i = 0; i < 5; i++)
      expect((await client.ask(asked, 'PUT', key, i)).body).toMatchObject({ replaced: true });
    await eventually(async () => expect((await viewOf(asked)).length).toBe(others.length));
    expect(await told(asked, 'shard-id-members/2', 'shard-id-members')).toEqual(
      list(staying.map(({ address }) => address)),
    );
    // The node that is cut off has the shard, and not what the client has written.
    expect(await client.ask(gone!, 'GET', key)).toMatchObject({ status: 503 });
    expect((await new ShardedClient().ask(gone!, 'GET', key)).body).toMatchObject({ value: 'any' });
    ShardedNode.heal(nodes);
    await areWhole(nodes);
    expect((await client.ask(gone!, 'GET', key)).body).toMatchObject({ value: 4 });
  });

  it('refuse what would change them, in the words of the page', async () => {
    const [node] = nodes;
    const member = async (shard: unknown, address: string) =>
      node!.ask('PUT', `${PATH}/add-member/${shard}`, { 'socket-address': address });
    for (const shard of ids)
      for (const { address } of nodesOf(shard)) {
        expect(await member(shard, address)).toEqual({
          status: 404,
          body: { message: `Node already in shard ${shard}` },
        });
        const mayLeave = nodesOf(shard).length > 2;
        expect((await member((shard % shards) + 1, address)).status).toBe(mayLeave ? 503 : 401);
      }
    expect((await member(shards + 1, nodes[0]!.address)).status).toBe(401);
    expect((await member(1, '127.0.0.1:1')).status).toBe(503);
    const reshard = async (wanted: unknown) => node!.ask('PUT', `${PATH}/reshard`, { 'shard-count': wanted });
    expect(await reshard(shards)).toEqual({
      status: 200,
      body: { message: 'Resharding done successfully' },
    });
    expect((await reshard(1)).status).toBe(503);
    expect((await reshard(Math.floor(count / 2) + 1)).status).toBe(400);
  });
});
