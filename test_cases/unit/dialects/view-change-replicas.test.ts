import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ViewChangeNode } from '../../support/view-change-node.ts';

let nodes: readonly ViewChangeNode[];

beforeAll(async () => {
  nodes = await ViewChangeNode.startView(3, 3);
});

afterEach(async () => {
  ViewChangeNode.heal(nodes);
});

afterAll(() => Promise.all(nodes.map((node) => node.stop())));

/** A client that sends the causal context of each answer with its next request. */
class Client {
  context: object = {};

  async ask(node: ViewChangeNode, method: string, key: string, value?: unknown) {
    const given = { 'causal-context': this.context, ...(value === undefined ? {} : { value }) };
    const { status, body } = await node.ask(method, `/kvs/keys/${key}`, given);
    const { 'causal-context': context, ...rest } = body as { readonly 'causal-context': object };
    expect(typeof context).toBe('object');
    expect(context).not.toBeNull();
    this.context = context;
    return { status, body: rest };
  }

  put(node: ViewChangeNode, key: string, value: unknown) {
    return this.ask(node, 'PUT', key, value);
  }

  get(node: ViewChangeNode, key: string) {
    return this.ask(node, 'GET', key);
  }
}

const ADDED = { status: 201, body: { message: 'Added successfully', replaced: false } };
const UPDATED = { status: 200, body: { message: 'Updated successfully', replaced: true } };
const DELETED = { status: 200, body: { doesExist: true, message: 'Deleted successfully' } };
const found = (value: unknown) => ({
  status: 200,
  body: { doesExist: true, message: 'Retrieved successfully', value },
});
const missing = (method: string) => ({
  status: 404,
  body: { doesExist: false, error: 'Key does not exist', message: `Error in ${method}` },
});
const errorIn = (method: string, status: number, error: string) => ({
  status,
  body: { error, message: `Error in ${method}` },
});
const unsafe = errorIn('GET', 400, 'Unable to satisfy request');

describe('replicas of one shard', () => {
  it('answer for a key, each with a context', async () => {
    for (const node of nodes) {
      const client = new Client();
      expect(await client.get(node, 'k')).toEqual(missing('GET'));
      expect(await client.ask(node, 'DELETE', 'k')).toEqual(missing('DELETE'));
      expect(await client.put(node, 'k', { a: [1.5, null] })).toEqual(ADDED);
      expect(await client.put(node, 'k', 'two')).toEqual(UPDATED);
      for (const other of nodes) expect(await client.get(other, 'k')).toEqual(found('two'));
      expect(await client.ask(node, 'DELETE', 'k')).toEqual(DELETED);
      for (const other of nodes) expect(await client.get(other, 'k')).toEqual(missing('GET'));
    }
  });

  it('look at the key before they look at the value', async () => {
    const client = new Client();
    const long = 'k'.repeat(51);
    expect(await client.put(nodes[0]!, long, 1)).toEqual(errorIn('PUT', 400, 'Key is too long'));
    expect(await client.ask(nodes[0]!, 'PUT', long)).toEqual(errorIn('PUT', 400, 'Key is too long'));
    expect(await client.ask(nodes[0]!, 'PUT', 'k')).toEqual(errorIn('PUT', 400, 'Value is missing'));
    expect(await nodes[0]!.ask('PUT', '/kvs/keys/k', '{')).toEqual({
      status: 400,
      body: { error: 'Bad json format', message: 'Error in PUT', 'causal-context': {} },
    });
  });

  it.each([
    undefined,
    {},
    '{"causal-context":null}',
    '{"causal-context":""}',
    '{"causal-context":{}}',
    'no json',
  ])('take %j for an empty context', async (body) => {
    expect((await nodes[1]!.ask('GET', '/kvs/keys/none', body)).status).toBe(404);
  });

  it.each(['', 'x', 'AAAA', 'a'.repeat(80), 7])(
    'take a context that no node has given for an empty one',
    async (session) => {
      const client = new Client();
      client.context = { session };
      expect((await client.put(nodes[1]!, 'foreign', 1)).status).toBeLessThan(300);
      expect(await client.get(nodes[1]!, 'foreign')).toEqual(found(1));
      client.context = { session, more: { fields: 1 } };
      expect(await client.get(nodes[1]!, 'foreign')).toEqual(found(1));
    },
  );

  it('read a write of another node with its context at once', async () => {
    const client = new Client();
    for (let i = 0; i < 30; i++) {
      await client.put(nodes[i % 3]!, 'handed', i);
      expect(await client.get(nodes[(i + 1) % 3]!, 'handed')).toEqual(found(i));
    }
  });

  it('have a context that does not grow with the writes', async () => {
    const client = new Client();
    for (let i = 0; i < 60; i++) await client.put(nodes[i % 3]!, `grow${i}`, i);
    expect(JSON.stringify(client.context).length).toBeLessThan(400);
  });

  it('tell of the shard and of its keys', async () => {
    const replicas = nodes.map(({ address }) => address);
    await new Client().put(nodes[0]!, 'counted', 1);
    const keyCount = async (node: ViewChangeNode) => (await node.ask('GET', '/kvs/key-count')).body;
    const first = (await keyCount(nodes[0]!)) as Record<string, unknown>;
    const keys = first['key-count'];
    expect(keys).toBeGreaterThan(0);
    const shard = { 'shard-id': '1', 'key-count': keys, replicas };
    for (const node of nodes) {
      const count = { message: 'Key count retrieved successfully', 'key-count': keys, 'shard-id': '1' };
      await eventually(async () => expect(await keyCount(node)).toEqual(count));
      expect((await node.ask('GET', '/kvs/shards')).body).toEqual({
        message: 'Shard membership retrieved successfully',
        shards: ['1'],
      });
      expect((await node.ask('GET', '/kvs/shards/1')).body).toEqual({
        message: 'Shard information retrieved successfully',
        ...shard,
      });
      expect((await node.ask('GET', '/kvs/shards/2')).status).toBe(404);
      for (const factor of [3, '3'])
        expect(
          await node.ask('PUT', '/kvs/view-change', { view: replicas.join(), 'repl-factor': factor }),
        ).toEqual({ status: 200, body: { message: 'View change successful', shards: [shard] } });
    }
  });

  it('refuse another view, and keep theirs', async () => {
    const [a, b] = nodes.map(({ address }) => address);
    const ask = (view: string, factor: unknown) =>
      nodes[0]!.ask('PUT', '/kvs/view-change', { view, 'repl-factor': factor });
    expect(await ask(`${a},${b}`, 2)).toEqual(errorIn('PUT', 503, 'Unable to satisfy request'));
    expect(await ask(nodes.map(({ address }) => address).join(), 1)).toEqual(
      errorIn('PUT', 503, 'Unable to satisfy request'),
    );
    for (const [view, factor] of [
      [`${a},${b}`, 3],
      [`${a},${b}`, 0],
      [`${a},${b}`, 'two'],
      ['', 1],
    ] as const)
      expect((await ask(view, factor)).status).toBe(400);
    expect((await nodes[0]!.ask('GET', '/kvs/shards')).body).toMatchObject({ shards: ['1'] });
  });
});

describe('the causal example', () => {
  it('step by step: a value is visible where it was written, and takes its reader with it', async () => {
    const [here, there, third] = nodes as [ViewChangeNode, ViewChangeNode, ViewChangeNode];
    const [ann, ben, carl] = [new Client(), new Client(), new Client()];
    expect(await ann.put(here, 'x', 1)).toEqual(ADDED);
    for (const node of nodes) expect(await ann.get(node, 'x')).toEqual(found(1));
    ViewChangeNode.cut([here], [there, third]);
    // On the one side x becomes 2. With that, y is written on the other side, which lacks x = 2.
    expect(await ann.put(here, 'x', 2)).toEqual(UPDATED);
    expect(await ann.put(there, 'y', 'after two')).toEqual(ADDED);
    // It is visible there from that moment, also to clients with an empty context.
    expect(await new Client().get(there, 'y')).toEqual(found('after two'));
    expect(await ben.get(there, 'y')).toEqual(found('after two'));
    // A client that has read it must not be told the older x any more. One that has not may be.
    expect(await ben.get(there, 'x')).toEqual(unsafe);
    expect(await ann.get(there, 'x')).toEqual(unsafe);
    expect(await new Client().get(there, 'x')).toEqual(found(1));
    // A write of x that comes causally after x = 2 makes it good again, although x = 2 never came.
    expect(await ann.put(third, 'x', 3)).toEqual(UPDATED);
    await eventually(async () => expect(await ben.get(there, 'x')).toEqual(found(3)));
    expect(await carl.get(there, 'x')).toEqual(found(3));
    // Healed, all replicas have the later value.
    ViewChangeNode.heal(nodes);
    for (const node of nodes)
      await eventually(async () => expect(await ann.get(node, 'x')).toEqual(found(3)));
  });

  it('no write is refused or delayed for its context, and a delete is of what is here', async () => {
    const [here, there, third] = nodes as [ViewChangeNode, ViewChangeNode, ViewChangeNode];
    const client = new Client();
    ViewChangeNode.cut([here], [there, third]);
    expect(await client.put(here, 'only here', 1)).toEqual(ADDED);
    expect(await client.put(there, 'other', 1)).toEqual(ADDED);
    expect(await client.put(there, 'other', 2)).toEqual(UPDATED);
    expect(await client.get(there, 'other')).toEqual(found(2));
    expect(await client.ask(there, 'DELETE', 'other')).toEqual(DELETED);
    // The client knows that there is this key: that it is not there would be wrong.
    expect(await client.get(there, 'only here')).toEqual(unsafe);
    expect(await client.ask(there, 'DELETE', 'only here')).toEqual(
      errorIn('DELETE', 503, 'Unable to satisfy request'),
    );
    // It is new to the other side.
    expect(await client.put(there, 'only here', 2)).toEqual(ADDED);
    expect(await client.get(there, 'only here')).toEqual(found(2));
  });

  it('both sides of a cut serve, and agree once it has healed', async () => {
    const [alone, ...others] = nodes;
    ViewChangeNode.cut([alone!], others);
    const both = [
      [alone!, 'a'],
      [others[0]!, 'b'],
    ] as const;
    for (const [node, value] of both) {
      const client = new Client();
      expect(await client.put(node, 'contended', value)).toEqual(ADDED);
      expect(await client.get(node, 'contended')).toEqual(found(value));
      expect(await client.put(node, `side ${value}`, value)).toEqual(ADDED);
    }
    await eventually(async () => expect(await new Client().get(others[1]!, 'contended')).toEqual(found('b')));
    expect(await new Client().get(others[0]!, 'side a')).toEqual(missing('GET'));
    ViewChangeNode.heal(nodes);
    await eventually(async () => {
      const answers = await Promise.all(nodes.map((node) => new Client().get(node, 'contended')));
      expect(answers[0]!.status).toBe(200);
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      for (const node of nodes) expect(await new Client().get(node, 'side a')).toEqual(found('a'));
    });
  });
});

it('with one copy each, shards have ids, and forwarded answers name a node of the shard', async () => {
  const view = await ViewChangeNode.startView(2, 1);
  const addresses = view.map(({ address }) => address);
  const [asked] = view;
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const { status, body } = await asked!.ask('PUT', `/kvs/keys/key${i}`, { value: i, 'causal-context': {} });
    const { address = asked!.address, ...rest } = body as { readonly address?: string };
    expect({ status, rest }).toEqual({ status: 201, rest: { ...ADDED.body, 'causal-context': {} } });
    seen.add(address);
    const refused = await asked!.ask('PUT', `/kvs/keys/key${i}`, {});
    const where = address === asked!.address ? {} : { address };
    const error = { error: 'Value is missing', message: 'Error in PUT', 'causal-context': {} };
    expect(refused).toEqual({ status: 400, body: { ...error, ...where } });
  }
  expect([...seen].sort()).toEqual(addresses.toSorted());
  let total = 0;
  for (const [at, node] of view.entries()) {
    const { body } = await node.ask('GET', '/kvs/key-count');
    const keys = (body as Record<string, number>)['key-count']!;
    total += keys;
    expect(body).toMatchObject({ 'shard-id': String(at + 1) });
    expect((await asked!.ask('GET', `/kvs/shards/${at + 1}`)).body).toMatchObject({
      'key-count': keys,
      replicas: [node.address],
    });
  }
  expect(total).toBe(40);
  const reversed = { view: addresses.toReversed().join(), 'repl-factor': 1 };
  expect((await asked!.ask('PUT', '/kvs/view-change', reversed)).status).toBe(503);
  const same = { view: addresses.join(), 'repl-factor': 1 };
  expect((await asked!.ask('PUT', '/kvs/view-change', same)).status).toBe(200);
  await Promise.all(view.map((node) => node.stop()));
});
