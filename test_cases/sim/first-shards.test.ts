import { describe, expect, it } from 'vitest';
import { peersTakingPart } from '../../src/controller/moves/taking-part.ts';
import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import { deleteRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request, WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { changeKeyspace as change, moveOf, restartAllInEachPhase, settled, until } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';

/** Clusters that were started without shards, and whose keyspace gets some while clients read and write. */

const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);

async function whole(level: Level = 'eventual', durability: Durability = 'none', nodes = 6) {
  const cluster = new SimCluster({ seed: 1, level, nodes, settings: { durability } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const toShards = (shards: number, replicas?: number): WantedKeyspace => {
  const wanted = { what: 'shards', keyspace: 'default', shards } as const;
  return replicas === undefined ? wanted : { ...wanted, replicas };
};
const getOf = (keys: readonly string[]): Request => ({ kind: 'get', keys, withCas: true });

function valuesIn(reply: Reply): ReadonlyMap<string, string> {
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return new Map(reply.hits.map(({ key, value }) => [key, value.toString()]));
}

const valuesAt = async (cluster: SimCluster, node: number) => [
  ...valuesIn(await ask(cluster, node, getOf(KEYS))),
];

const copiesIn = ({ nodes }: SimCluster) => nodes.reduce((sum, node) => sum + node.liveKeys().length, 0);

describe.each([
  ['eventual', 3, 2],
  ['eventual', 2, 1],
  ['eventual', 1, 2],
  ['causal', 3, 2],
] as const)('at %s, a keyspace that gets %i shards with %i controllers each', (level, shards, replicas) => {
  it('loses no key', async () => {
    const cluster = await whole(level);
    for (const key of KEYS) await ask(cluster, 0, set(key, key));
    const count = shards === 1 ? '1 shard' : `${shards} shards`;
    expect(await change(cluster, toShards(shards, replicas), 5)).toBe(
      `default gets ${count}, and had no shards; keyspace shows how far it is`,
    );
    await settled(cluster);
    await cluster.run(1_000);
    for (const node of [0, 3, 5])
      expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
    expect(copiesIn(cluster)).toBe(replicas * KEYS.length);
    for (const key of KEYS) await ask(cluster, 1, set(key, 'new'));
    await cluster.run(500);
    for (const node of [0, 4]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, 'new']));
  });
});

it('each shard has three controllers where nothing is said of that', async () => {
  const cluster = await whole();
  await change(cluster, toShards(4));
  await settled(cluster);
  const [agreed] = cluster.nodes[3]!.core!.levels.agreedShards;
  expect(agreed!.groups.map(([, ...members]) => members.length)).toEqual([3, 3, 3, 3]);
});

it('clients see no error, no old value and no miss while the first shards are made', async () => {
  const cluster = await whole();
  for (const key of KEYS) await ask(cluster, 0, set(key, 'old'));
  const newest = new Map(KEYS.map((key) => [key, 'old']));
  await change(cluster, toShards(3, 2));
  let running = cluster.nodes.length;
  const play = (node: number, round: number): void => {
    const own = KEYS.filter((_, i) => i % cluster.nodes.length === node);
    const key = own[round % own.length]!;
    const client = cluster.nodes[node]!.connect();
    client.submit(set(key, `${round}`), (stored) => {
      expect(stored).toMatchObject({ outcome: 'stored' });
      newest.set(key, `${round}`);
      client.submit(getOf([key]), (found) => {
        expect(valuesIn(found).get(key)).toBe(`${round}`);
        if (moveOf(cluster) === null) running--;
        else play(node, round + 1);
      });
    });
  };
  for (const { id } of cluster.nodes) play(id, 1);
  while (running > 0) await cluster.run(10);
  await settled(cluster);
  await cluster.run(1_000);
  for (const node of [0, 2, 4]) expect(await valuesAt(cluster, node)).toEqual([...newest]);
});

it('a key that is deleted behind the copying stays deleted', async () => {
  const cluster = await whole();
  for (const key of KEYS) await ask(cluster, 0, set(key, 'old'));
  await change(cluster, toShards(3, 1));
  await until(cluster, () => cluster.nodes.every(({ core }) => core!.mover.word?.step === 'copied'));
  for (const key of KEYS) cluster.nodes[1]!.connect().submit(deleteRequest(key), () => {});
  await settled(cluster);
  await cluster.run(1_000);
  expect(await valuesAt(cluster, 5)).toEqual([]);
});

it('an announced flush ends the keys in their shards', async () => {
  const cluster = await whole();
  for (const key of KEYS) await ask(cluster, 0, set(key, 'old'));
  await ask(cluster, 0, { kind: 'flush_all', delay: 30, noreply: false });
  await change(cluster, toShards(3, 2));
  await settled(cluster);
  expect((await valuesAt(cluster, 5)).length).toBe(KEYS.length);
  await cluster.run(32_000);
  for (const node of [0, 3]) expect(await valuesAt(cluster, node)).toEqual([]);
});

it('it is cancelled while it is prepared, and nothing is left of it', async () => {
  const cluster = await whole();
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  cluster.nodes[4]!.kill();
  await cluster.run(3_000);
  await change(cluster, toShards(3, 2));
  await cluster.run(1_000);
  expect(await change(cluster, { what: 'cancel', keyspace: 'default' })).toBe(
    'cancelled: default has no shards',
  );
  cluster.nodes[4]!.start();
  await settled(cluster);
  await cluster.run(1_000);
  for (const node of [0, 4]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
  expect(copiesIn(cluster)).toBe(6 * KEYS.length);
  for (const { core } of cluster.nodes) {
    expect(core!.router.hasShards).toBe(false);
    expect(core!.groups.all.every(({ number }) => number < 16)).toBe(true);
  }
});

it('a controller that votes no more is waited for', async () => {
  const cluster = await whole('eventual', 'none', 4);
  cluster.nodes[3]!.kill();
  await cluster.run(3_000);
  await change(cluster, toShards(1, 2));
  await cluster.run(500);
  const { placement, configuration } = cluster.nodes[0]!.core!.groups.views;
  const controllers = configuration.controllers.map((one) =>
    one.id === 3 ? { ...one, phase: 'leaving' as const } : one,
  );
  const views = { placement, configuration: { ...configuration, controllers } };
  expect(peersTakingPart(views, [1, 2, 3])).toEqual([1, 2, 3]);
});

it.each(['async', 'sync'] as const)('all are restarted at any step, at durability %s', async (durability) => {
  const cluster = await whole('eventual', durability, 3);
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await change(cluster, toShards(3, 1));
  await restartAllInEachPhase(cluster);
  for (const node of [0, 1, 2]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
  expect(copiesIn(cluster)).toBe(KEYS.length);
});

it('a keyspace that was changed to eventual while the cluster ran gets shards, and keeps that level', async () => {
  const cluster = await whole('linearizability', 'sync', 3);
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await change(cluster, { what: 'level', keyspace: 'default', level: 'eventual' });
  await settled(cluster);
  await change(cluster, toShards(3, 1));
  await settled(cluster);
  for (const node of cluster.nodes) node.kill();
  for (const node of cluster.nodes) node.start();
  await cluster.run(3_000);
  expect(cluster.nodes[1]!.core!.levels.ofDefault).toBe('eventual');
  for (const node of [0, 1, 2]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
});

it('a keyspace beside it keeps its keys', async () => {
  const cluster = await whole();
  await change(cluster, { what: 'add', keyspace: 'sessions', prefix: 'key:1', level: 'eventual' });
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await change(cluster, { what: 'shards', keyspace: 'sessions', shards: 2, replicas: 1 });
  await settled(cluster);
  await change(cluster, toShards(2, 2));
  await settled(cluster);
  await cluster.run(1_000);
  for (const node of [0, 3, 5]) expect(await valuesAt(cluster, node)).toEqual(KEYS.map((key) => [key, key]));
  const within = KEYS.filter((key) => key.startsWith('key:1')).length;
  expect(copiesIn(cluster)).toBe(2 * (KEYS.length - within) + within);
});

it('what can not be done is refused with the reason', async () => {
  const cluster = await whole('eventual', 'none', 3);
  expect(await change(cluster, toShards(1))).toBe('default has no shards: all controllers have its keys');
  expect(await change(cluster, toShards(2, 4))).toBe(
    'each shard has 4 controllers, and there would be 3: add one first',
  );
  expect(await change(cluster, toShards(2, 8))).toBe('a shard has 1 to 7 controllers');
  expect(await change(cluster, toShards(65))).toBe('a keyspace has 1 to 64 shards');
  expect(await change(cluster, { what: 'rebalance', keyspace: 'default', without: null })).toBe(
    'default has no shards: all controllers have its keys; keyspace default shards 3 spreads them',
  );
  await change(cluster, toShards(2, 2));
  await settled(cluster);
  expect(await change(cluster, toShards(3, 1))).toBe(
    'each shard of default has 2 controllers, and keeps as many: shards and replicas do not change at once',
  );
});
