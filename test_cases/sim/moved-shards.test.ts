import { describe, expect, it } from 'vitest';
import type { Durability } from '../../src/journal/durability.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import { deleteRequest, readItemRequest } from '../../src/protocol/make-request.ts';
import type { Request, WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { changeKeyspace as change, moveOf, settled, until } from './moving.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';

/** Six controllers, whose shards get other controllers while clients read and write. */

const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);

/** Three shards with two replicas: of controllers 0 and 1, 2 and 3, 4 and 5. */
async function sharded(
  replicas = 2,
  durability: Durability = 'none',
  settings: SimOptions['settings'] = {},
): Promise<SimCluster> {
  const cluster = new SimCluster({
    seed: 1,
    level: 'eventual',
    nodes: 6,
    settings: { sharded: [{ name: 'default', shards: 3, replicas }], durability, ...settings },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const move = (shard: number, ...controllers: number[]): WantedKeyspace => {
  return { what: 'move', keyspace: 'default', shard, controllers };
};
const rebalance = (without: number | null): WantedKeyspace => {
  return { what: 'rebalance', keyspace: 'default', without };
};
const getOf = (keys: readonly string[]): Request => ({ kind: 'get', keys, withCas: true });

async function valuesAt(cluster: SimCluster, node: number): Promise<readonly (readonly string[])[]> {
  const reply = await ask(cluster, node, getOf(KEYS));
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return reply.hits.map(({ key, value }) => [key, value.toString()]);
}

const membersOf = (cluster: SimCluster) =>
  cluster.nodes[0]!.core!.levels.agreedShards[0]!.groups.map(([, ...members]) => members);

describe.each([
  ['to controllers that had no part in it', [2, 3]],
  ['and one of its controllers keeps it', [1, 4]],
])('a shard moves %s', (_, controllers) => {
  it('no key is lost, and nothing is left behind', async () => {
    const cluster = await sharded();
    for (const key of KEYS) await ask(cluster, 0, set(key, key));
    expect(await change(cluster, move(0, ...controllers), 5)).toBe(
      'shard 0 of default gets other controllers; keyspace shows how far it is',
    );
    await settled(cluster);
    await cluster.run(1_000);
    for (const node of [0, 3, 5])
      expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
    expect(membersOf(cluster)).toEqual([controllers, [2, 3], [4, 5]]);
    const copies = cluster.nodes.reduce((sum, node) => sum + node.liveKeys().length, 0);
    expect(copies).toBe(2 * KEYS.length);
  });
});

it('all shards leave a controller while clients read and write', async () => {
  const cluster = await sharded();
  for (const key of KEYS) await ask(cluster, 0, set(key, '0'));
  const newest = new Map(KEYS.map((key) => [key, '0']));
  await change(cluster, rebalance(0), 0);
  let running = cluster.nodes.length;
  const play = (node: number, round: number): void => {
    const own = KEYS.filter((_, i) => i % cluster.nodes.length === node);
    const key = own[round % own.length]!;
    const client = cluster.nodes[node]!.connect();
    client.submit(set(key, `${round}`), (stored) => {
      expect(stored).toMatchObject({ outcome: 'stored' });
      newest.set(key, `${round}`);
      client.submit(getOf([key]), (found) => {
        expect(found).toMatchObject({ kind: 'hits', hits: [{ value: Buffer.from(`${round}`) }] });
        if (moveOf(cluster) === null) running--;
        else play(node, round + 1);
      });
    });
  };
  for (const { id } of cluster.nodes) play(id, 1);
  while (running > 0) await cluster.run(10);
  await settled(cluster);
  await cluster.run(1_000);
  expect(membersOf(cluster).flat()).not.toContain(0);
  expect(await valuesAt(cluster, 0)).toEqual([...newest]);
  expect(cluster.nodes[0]!.liveKeys()).toEqual([]);
});

it('a controller with another disk serves no shards before a view tells which there are', async () => {
  const cluster = await sharded(1);
  const { nodes, network } = cluster;
  await change(cluster, move(1, 5));
  await settled(cluster);
  const key = KEYS.find((one) => nodes[0]!.core!.router.partOf(one).elsewhere?.members.join() === '5')!;
  await ask(cluster, 0, set(key, 'x'));
  for (const node of [0, 2, 3, 4, 5]) network.cut(1, node);
  nodes[1]!.kill();
  nodes[1]!.disk.clear();
  nodes[1]!.start();
  await cluster.run(2_000);
  let isAnswered = false;
  nodes[1]!.connect().submit(getOf([key]), () => {
    isAnswered = true;
  });
  await cluster.run(100);
  expect(isAnswered).toBe(false);
  network.healAll();
  await cluster.run(2_000);
  expect(await ask(cluster, 1, getOf([key]))).toMatchObject({
    kind: 'hits',
    hits: [{ value: Buffer.from('x') }],
  });
});

it('a shard comes back to where it was, by another group', async () => {
  const cluster = await sharded(1, 'sync');
  for (const key of KEYS) await ask(cluster, 0, set(key, 'first'));
  await change(cluster, move(1, 5));
  await settled(cluster);
  for (const key of KEYS) await ask(cluster, 3, set(key, 'second'));
  await change(cluster, move(1, 1));
  await settled(cluster);
  for (const node of cluster.nodes) node.kill();
  for (const node of cluster.nodes) node.start();
  await cluster.run(3_000);
  expect(await valuesAt(cluster, 4)).toEqual(KEYS.map((key) => [key, 'second']));
});

it('what can not be done is refused with the reason', async () => {
  const cluster = await sharded();
  expect(await change(cluster, move(3, 0, 1))).toBe(
    'default has 3 shards, which are counted from 0: there is no shard 3',
  );
  expect(await change(cluster, move(0, 0, 6))).toBe(
    'controller 6 can have no shards: member lists those that vote or follow',
  );
  expect(await change(cluster, move(0, 2, 2))).toBe('a controller is named twice');
  expect(await change(cluster, move(0, 2))).toBe('each shard of default has 2 controllers, and 1 are named');
  expect(await change(cluster, move(0, 1, 0))).toBe('shard 0 of default has these controllers already');
  expect(await change(cluster, rebalance(null))).toBe('the shards of default are spread evenly already');
  expect(await change(cluster, rebalance(9))).toBe(
    'controller 9 has no shards, since it neither votes nor follows: member lists the controllers',
  );
  await change(cluster, move(0, 2, 3));
  expect(await change(cluster, move(1, 4, 5), 1)).toMatch(
    /the keyspace default is being changed|another change/,
  );
});

it('a read that waits for a bound on staleness holds up nobody whose keys move', async () => {
  const cluster = await sharded(2, 'none', { requestTimeoutMs: 20_000 });
  for (const key of KEYS) await ask(cluster, 0, set(key, 'old'));
  const isAt = (shard: number, key: string) => shardsOfSlots(3)[slotOf(key)] === shard;
  const staying = KEYS.find((key) => isAt(1, key) && shardsOfSlots(4)[slotOf(key)] === 1)!;
  // No answer of another controller is ever as new as this asks for.
  let isAnswered = false;
  const waiting = { ...readItemRequest(staying), ageFlag: { maxMs: 0, servedMs: 0 } };
  cluster.nodes[0]!.connect().submit(waiting, () => {
    isAnswered = true;
  });
  await change(cluster, { what: 'shards', keyspace: 'default', shards: 4 }, 5);
  await settled(cluster);
  for (const key of KEYS) expect(await ask(cluster, 0, set(key, 'new'))).toMatchObject({ outcome: 'stored' });
  expect(isAnswered).toBe(false);
});

it('a value that the controller which stays has lost comes from the one that goes', async () => {
  const cluster = await sharded();
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await cluster.run(500);
  await change(cluster, move(0, 1, 4), 5);
  await until(cluster, () => cluster.nodes[4]!.core!.mover.word !== null, 10_000, 0.05);
  cluster.nodes[1]!.store.empty();
  await settled(cluster);
  for (const node of [0, 4]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
});

it('a value that was found for a controller that gets it is not lost with the next eviction', async () => {
  const cluster = await sharded();
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await cluster.run(500);
  await change(cluster, move(0, 1, 4), 5);
  await until(cluster, () => cluster.nodes[4]!.core!.mover.word !== null, 10_000, 0.05);
  const { store } = cluster.nodes[1]!;
  store.empty();
  store.take = () => {};
  await settled(cluster);
  for (const node of [0, 4]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
});

it('a value that comes late is taken by a controller that has got the record without it', async () => {
  const cluster = await sharded();
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await cluster.run(500);
  const stores = [0, 1].map((node) => cluster.nodes[node]!.store);
  const items = stores.map((store) => new Map(store.items));
  for (const store of stores) store.empty();
  await change(cluster, move(0, 2, 3), 5);
  const areCopied = () => [2, 3].every((node) => cluster.nodes[node]!.core!.mover.word?.step === 'copied');
  await until(cluster, areCopied);
  // The controllers that have the records begin to send them anew.
  cluster.network.cut(0, 1);
  await cluster.run(100);
  stores.forEach((store, node) => {
    for (const [key, bytes] of items[node]!) store.items.set(key, bytes);
  });
  cluster.network.heal(0, 1);
  await settled(cluster);
  for (const node of [0, 3]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
});

it('keys that are deleted while nothing is sent to one of the controllers do not come back', async () => {
  const cluster = await sharded();
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await cluster.run(500);
  await change(cluster, move(0, 2, 3), 5);
  await until(cluster, () => cluster.nodes[2]!.core!.mover.word?.step === 'copied');
  // Controllers 0 and 1 keep no deletions for a controller that they do not hear.
  for (const node of [0, 1]) cluster.network.cut(node, 3);
  await cluster.run(200);
  for (const key of KEYS) await ask(cluster, 0, deleteRequest(key));
  const isForgotten = () => [0, 1].every((node) => KEYS.every((key) => !cluster.nodes[node]!.newest(key)));
  await until(cluster, isForgotten, 60_000, 100);
  for (const node of [0, 1]) cluster.network.heal(node, 3);
  await settled(cluster);
  for (const node of [0, 2, 3]) expect(await valuesAt(cluster, node)).toEqual([]);
});
