import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ViewChangeClient } from '../../support/view-change-client.ts';
import { ViewChangeNode } from '../../support/view-change-node.ts';

const KEYS = 60;

const errorIn = (method: string, error: string) => ({ error, message: `Error in ${method}` });

describe.each([
  { count: 4, factor: 2 },
  { count: 6, factor: 2 },
  { count: 6, factor: 3 },
])('$count nodes, of which $factor have each key', ({ count, factor }) => {
  let nodes: readonly ViewChangeNode[];
  const ids = Array.from({ length: count / factor }, (_, at) => String(at + 1));
  /** The nodes of a shard: a run of the view. */
  const nodesOf = (id: string) => nodes.slice((Number(id) - 1) * factor, Number(id) * factor);
  /** The first node of each shard, and all others: two sides that both have a replica of each shard. */
  const sides = () => {
    const isFirst = (at: number) => at % factor === 0;
    return [nodes.filter((_, at) => isFirst(at)), nodes.filter((_, at) => !isFirst(at))] as const;
  };
  const isHere = ({ address }: ViewChangeNode, id: string) =>
    nodesOf(id).some((node) => node.address === address);

  beforeAll(async () => {
    nodes = await ViewChangeNode.startView(count, factor);
    for (const node of nodes) await eventually(() => reachesAll(node));
  });

  afterEach(async () => {
    ViewChangeNode.heal(nodes);
    for (const node of nodes) await eventually(() => reachesAll(node));
  });

  afterAll(() => Promise.all(nodes.map((node) => node.stop())));

  async function reachesAll(node: ViewChangeNode): Promise<void> {
    const same = { view: nodes.map(({ address }) => address).join(), 'repl-factor': factor };
    expect((await node.ask('PUT', '/kvs/view-change', same)).status).toBe(200);
  }

  /** The shard of a key: that of the node which says so by an address, or of the one that says none. */
  async function shardOf(key: string): Promise<string> {
    const { address } = await new ViewChangeClient().ask(nodes[0]!, 'PUT', key, 'any');
    return ids.find((id) => nodesOf(id).some((node) => node.address === (address ?? nodes[0]!.address)))!;
  }

  /** A key of the shard that has been put nowhere but here, with the value `any`, and that all replicas have. */
  async function keyIn(id: string, name: string): Promise<string> {
    for (let i = 0; ; i++) {
      const key = `${name}${i}`;
      if ((await shardOf(key)) !== id) continue;
      for (const node of nodesOf(id))
        await eventually(async () =>
          expect(await new ViewChangeClient().get(node, key)).toEqual([200, 'any']),
        );
      return key;
    }
  }

  it('tell of all shards alike, and count each key once', async () => {
    const before = await totalOf(nodes[0]!);
    const client = new ViewChangeClient();
    for (let i = 0; i < KEYS; i++) expect(await client.put(nodes[i % count]!, `counted${i}`, i)).toBe(201);
    expect(JSON.stringify(client.context).length).toBeLessThan(600);
    await eventually(async () => {
      for (const node of nodes) expect(await totalOf(node)).toBe(before + KEYS);
    });
    const shards: object[] = [];
    for (const id of ids) {
      const replicas = nodesOf(id).map(({ address }) => address);
      const { body } = await nodes[0]!.ask('GET', `/kvs/shards/${id}`);
      const { 'key-count': keys } = body as { readonly 'key-count': number };
      expect(keys).toBeGreaterThan(0);
      const shard = { 'shard-id': id, 'key-count': keys, replicas };
      shards.push(shard);
      for (const node of nodes)
        expect(await node.ask('GET', `/kvs/shards/${id}`)).toEqual({
          status: 200,
          body: { message: 'Shard information retrieved successfully', ...shard },
        });
      for (const node of nodesOf(id))
        expect((await node.ask('GET', '/kvs/key-count')).body).toEqual({
          message: 'Key count retrieved successfully',
          'key-count': keys,
          'shard-id': id,
        });
    }
    for (const node of nodes) {
      expect((await node.ask('GET', '/kvs/shards')).body).toEqual({
        message: 'Shard membership retrieved successfully',
        shards: ids,
      });
      expect((await node.ask('GET', `/kvs/shards/${ids.length + 1}`)).status).toBe(404);
    }
    const same = { view: nodes.map(({ address }) => address).join(), 'repl-factor': String(factor) };
    expect(await nodes.at(-1)!.ask('PUT', '/kvs/view-change', same)).toEqual({
      status: 200,
      body: { message: 'View change successful', shards },
    });
  });

  async function totalOf(node: ViewChangeNode): Promise<number> {
    let total = 0;
    for (const id of ids) {
      const { body } = await node.ask('GET', `/kvs/shards/${id}`);
      total += (body as { readonly 'key-count': number })['key-count'];
    }
    return total;
  }

  it('answer for any key, with an address where a node of another shard has served it', async () => {
    for (const id of ids)
      for (const node of nodes) {
        const key = await keyIn(id, `any${nodes.indexOf(node)}`);
        const client = new ViewChangeClient();
        const isServed = ({ address }: { readonly address: string | null }) => {
          if (isHere(node, id)) expect(address).toBeNull();
          else expect(nodesOf(id).map((one) => one.address)).toContain(address);
        };
        const updated = await client.ask(node, 'PUT', key, { a: [1.5, null] });
        expect(updated).toMatchObject({
          status: 200,
          body: { message: 'Updated successfully', replaced: true },
        });
        const got = await client.ask(node, 'GET', key);
        expect(got.body).toEqual({
          doesExist: true,
          message: 'Retrieved successfully',
          value: { a: [1.5, null] },
        });
        const deleted = await client.ask(node, 'DELETE', key);
        expect(deleted.body).toEqual({ doesExist: true, message: 'Deleted successfully' });
        const missing = await client.ask(node, 'GET', key);
        expect(missing).toMatchObject({ status: 404, body: { doesExist: false } });
        const long = await client.ask(node, 'PUT', key);
        expect(long).toMatchObject({ status: 400, body: errorIn('PUT', 'Value is missing') });
        for (const answer of [updated, got, deleted, missing, long]) isServed(answer);
        expect((await client.ask(node, 'PUT', key, 'again')).status).toBe(201);
      }
  });

  it('show a write through the node that took it at once, with an empty context as well', async () => {
    const ask = (node: ViewChangeNode, method: string, key: string, value?: unknown) =>
      new ViewChangeClient().ask(node, method, key, value);
    for (const [at, node] of nodes.entries())
      for (let i = 0; i < 10; i++) {
        const key = `through${at}x${i}`;
        expect((await ask(node, 'PUT', key, 1)).status).toBe(201);
        expect(await ask(node, 'PUT', key, 2)).toMatchObject({ status: 200, body: { replaced: true } });
        expect((await ask(node, 'GET', key)).body).toMatchObject({ value: 2 });
      }
  });

  it('read at any node with the context of a write of another shard', async () => {
    const [x, y] = [await keyIn(ids[0]!, 'x'), await keyIn(ids[1]!, 'y')];
    const client = new ViewChangeClient();
    for (let i = 0; i < 20; i++) {
      expect(await client.put(nodes[i % count]!, x, i)).toBe(200);
      expect(await client.put(nodes[(i + 1) % count]!, y, i)).toBe(200);
      expect(await client.get(nodes[(i + 2) % count]!, x)).toEqual([200, i]);
      // Who reads the later one with an empty context finds the earlier one, or a later one.
      const reader = new ViewChangeClient();
      const [, later] = await reader.get(nodes[(i + 3) % count]!, y);
      const [, earlier] = await reader.get(nodes[(i + 4) % count]!, x);
      if (typeof later === 'number') expect(earlier).toBeGreaterThanOrEqual(later);
    }
  });

  it('go on at both sides of a cut, step by step of the causal example, over two shards', async () => {
    const [x, y] = [await keyIn(ids[0]!, 'example'), await keyIn(ids[1]!, 'example')];
    const [here, there] = sides();
    const [ann, ben] = [new ViewChangeClient(), new ViewChangeClient()];
    expect(await ann.put(nodes[0]!, x, 1)).toBe(200);
    for (const node of nodes) await eventually(async () => expect(await ann.get(node, x)).toEqual([200, 1]));
    ViewChangeNode.cut(here, there);
    expect(await ann.put(here[0]!, x, 2)).toBe(200);
    // With that, the other key is written on the other side, which lacks x = 2. Each node there is asked.
    for (const node of there) {
      expect(await ann.put(node, y, 'after two')).toBe(200);
      expect(await ann.get(node, y)).toEqual([200, 'after two']);
      expect(await new ViewChangeClient().get(node, y)).toEqual([200, 'after two']);
    }
    const far = there.at(-1)!;
    expect(await ben.get(far, y)).toEqual([200, 'after two']);
    expect((await ben.ask(far, 'GET', x)).body).toEqual(errorIn('GET', 'Unable to satisfy request'));
    expect((await ben.ask(far, 'GET', x)).status).toBe(400);
    expect(await new ViewChangeClient().get(far, x)).toEqual([200, 1]);
    // A write of x that comes causally after x = 2 makes it good again, although x = 2 never came.
    expect(await ann.put(there[0]!, x, 3)).toBe(200);
    await eventually(async () => expect(await ben.get(far, x)).toEqual([200, 3]));
    expect(await new ViewChangeClient().get(here[0]!, x)).toEqual([200, 2]);
    ViewChangeNode.heal(nodes);
    for (const node of nodes) await eventually(async () => expect(await ann.get(node, x)).toEqual([200, 3]));
    for (const node of nodes)
      await eventually(async () => expect(await ann.get(node, y)).toEqual([200, 'after two']));
  });

  it('serve all keys on both sides of a cut, and agree once it has healed', async () => {
    const keys = [];
    for (const id of ids) keys.push(await keyIn(id, 'both'));
    const [here, there] = sides();
    ViewChangeNode.cut(here, there);
    for (const [name, side] of [
      ['here', here],
      ['there', there],
    ] as const) {
      const client = new ViewChangeClient();
      for (const [at, key] of keys.entries()) {
        const node = side[at % side.length]!;
        expect(await client.put(node, key, name)).toBe(200);
        expect(await client.get(node, key)).toEqual([200, name]);
        expect(await client.put(node, `only${key}`, name)).toBe(201);
        expect(await client.get(side.at(-1)!, key)).toEqual([200, name]);
      }
      for (const { address } of side) {
        const { body } = await nodes.find((node) => node.address === address)!.ask('GET', '/kvs/shards/1');
        expect(body).toMatchObject({ replicas: nodesOf('1').map((node) => node.address) });
      }
    }
    ViewChangeNode.heal(nodes);
    for (const key of [...keys, ...keys.map((one) => `only${one}`)])
      await eventually(async () => {
        const answers = await Promise.all(nodes.map((node) => new ViewChangeClient().get(node, key)));
        expect(answers[0]![0]).toBe(200);
        for (const answer of answers) expect(answer).toEqual(answers[0]);
      });
  });

  it('answer 503 for a shard of which no replica can be reached, and serve the others', async () => {
    const keys = [await keyIn(ids[0]!, 'cut'), await keyIn(ids[1]!, 'cut')];
    const lost = nodesOf(ids[1]!);
    const others = nodes.filter((node) => !lost.includes(node));
    ViewChangeNode.cut(lost, others);
    const client = new ViewChangeClient();
    const asked = ['GET', 'PUT', 'DELETE'] as const;
    const answers = await Promise.all(asked.map((method) => client.ask(others[0]!, method, keys[1]!, 1)));
    for (const [at, method] of asked.entries())
      expect(answers[at]).toMatchObject({ status: 503, body: errorIn(method, 'Unable to satisfy request') });
    expect(await client.put(others[0]!, keys[0]!, 'served')).toBe(200);
    expect((await others[0]!.ask('GET', `/kvs/shards/${ids[1]}`)).status).toBe(503);
  });
});
