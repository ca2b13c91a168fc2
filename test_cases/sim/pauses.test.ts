import { expect, it } from 'vitest';
import type { Request } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { moveOf, settled, until } from './moving.ts';
import { Random } from './random.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);

async function sharded(seed: number): Promise<SimCluster> {
  const sharding = { name: 'default', shards: 2, replicas: 2 };
  const settings = { sharded: [sharding], durability: 'sync' } as const;
  const cluster = new SimCluster({ seed, level: 'eventual', nodes: 4, settings });
  await cluster.start();
  await cluster.run(1_000);
  for (const [i, key] of KEYS.entries()) await ask(cluster, i % 4, set(key, `v of ${key}`));
  await cluster.run(500);
  return cluster;
}

async function keyspace(cluster: SimCluster, node: number, change: object): Promise<string> {
  const request = {
    kind: 'keyspace',
    change: { keyspace: 'default', ...change },
    format: 'table',
  } as Request;
  const reply = await ask(cluster, node, request);
  return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
}

async function expectAll(
  cluster: SimCluster,
  node: number,
  values: ReadonlyMap<string, string>,
): Promise<void> {
  const reply = await ask(cluster, node, { kind: 'get', keys: KEYS, withCas: false });
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  expect(new Map(reply.hits.map(({ key, value }) => [key, value.toString()]))).toEqual(values);
}

const AT_FIRST = new Map(KEYS.map((key) => [key, `v of ${key}`]));

const copied = ({ nodes }: SimCluster) => nodes.map(({ core }) => core!.mover.word?.done ?? 0);
const shardsAt = ({ nodes }: SimCluster) => nodes[0]!.core!.levels.agreedShards[0]!.shards;

it('a paused move copies nothing, whoever is restarted, and goes on when it is resumed', async () => {
  const cluster = await sharded(1);
  await keyspace(cluster, 0, { what: 'shards', shards: 3 });
  expect(await keyspace(cluster, 1, { what: 'pause' })).toContain('paused');
  expect(await keyspace(cluster, 2, { what: 'pause' })).toContain('paused');
  await cluster.run(3_000);
  for (const node of cluster.nodes) {
    cluster.kill(node);
    await cluster.run(200);
    node.start();
    await until(cluster, () => node.serving, 10_000, 20);
  }
  cluster.kill(...cluster.nodes);
  for (const node of cluster.nodes) node.start();
  await cluster.run(5_000);
  expect(moveOf(cluster)).toMatchObject({ phase: 'preparing', paused: true });
  expect(copied(cluster)).toEqual([0, 0, 0, 0]);
  expect(shardsAt(cluster)).toBe(2);
  await expectAll(cluster, 3, AT_FIRST);
  expect(await keyspace(cluster, 3, { what: 'resume' })).toContain('goes on');
  await settled(cluster);
  expect(shardsAt(cluster)).toBe(3);
  await expectAll(cluster, 0, AT_FIRST);
});

it('a paused move is cancelled, and what is not being changed is not paused', async () => {
  const cluster = await sharded(1);
  expect(await keyspace(cluster, 0, { what: 'pause' })).toContain('is not being changed');
  await keyspace(cluster, 0, { what: 'shards', shards: 3 });
  await keyspace(cluster, 1, { what: 'pause' });
  expect(await keyspace(cluster, 2, { what: 'cancel' })).toContain('cancelled');
  await settled(cluster);
  expect(shardsAt(cluster)).toBe(2);
  await expectAll(cluster, 0, AT_FIRST);
});

it('no write is lost, whenever a move is paused and resumed, and whoever is restarted', async () => {
  await forEachSeed(async (seed) => {
    const random = new Random(seed);
    const cluster = await sharded(seed);
    const values = new Map(AT_FIRST);
    await keyspace(cluster, 0, { what: 'shards', shards: 1 + random.below(2) * 2 });
    for (let step = 0; step < 6; step++) {
      const what = step % 2 === 0 ? 'pause' : 'resume';
      await keyspace(cluster, random.below(4), { what });
      const key = random.pick(KEYS);
      const reply = await ask(cluster, random.below(4), set(key, `${step}`));
      if (reply.kind === 'outcome') values.set(key, `${step}`);
      await cluster.run(random.below(60));
      if (!random.chance(0.2)) continue;
      const node = cluster.nodes[random.below(4)]!;
      cluster.kill(node);
      node.start();
      await until(cluster, () => cluster.nodes.every(({ serving }) => serving), 20_000, 20);
    }
    for (let tries = 0; tries < 20 && moveOf(cluster)?.paused === true; tries++)
      await keyspace(cluster, tries % 4, { what: 'resume' });
    await settled(cluster);
    await cluster.run(1_000);
    await expectAll(cluster, random.below(4), values);
  });
});
