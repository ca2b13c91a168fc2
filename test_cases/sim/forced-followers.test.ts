import { describe, expect, it } from 'vitest';
import type { Durability } from '../../src/journal/durability.ts';
import { votersOf } from '../../src/placement/configuration.ts';
import type { Level } from '../../src/placement/level.ts';
import { holdersOf } from '../../src/placement/reshard.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { expectAt, fill, force, textOf } from './forcing.ts';
import { changeKeyspace, moveOf, until } from './moving.ts';
import { Random } from './random.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

/** A majority of those that vote is gone for good, while other controllers follow. */

const LEVELS: readonly Level[] = ['linearizability', 'sequential', 'causal', 'eventual'];
const NODES = [0, 1, 2, 3, 4, 5, 6, 7, 8];
/** Of the three that vote. */
const LOST = [1, 2];
const LEFT = NODES.filter((id) => !LOST.includes(id));

async function clusterOf(level: Level, durability: Durability = 'none', seed = 1): Promise<SimCluster> {
  const settings = { voters: 3, sharded: [{ name: 'default', shards: 3, replicas: 3 }], durability };
  const cluster = new SimCluster({ seed, level, nodes: NODES.length, settings });
  await cluster.start();
  await cluster.run(1_500);
  return cluster;
}

async function lose(cluster: SimCluster, lost: readonly number[] = LOST): Promise<void> {
  cluster.kill(...lost.map((id) => cluster.nodes[id]!));
  await cluster.run(1_500);
}

const REBALANCE: WantedKeyspace = { what: 'rebalance', keyspace: 'default', without: null };

const votersAt = ({ nodes }: SimCluster, node: number) =>
  votersOf(nodes[node]!.core!.groups.views.configuration);

/** Another controller gets a part of a shard. */
function moved(cluster: SimCluster): WantedKeyspace {
  const [shard] = cluster.nodes[0]!.core!.levels.agreedShards[0]!.groups;
  const members = shard!.slice(1);
  const other = LEFT.find((id) => !members.includes(id))!;
  return { what: 'move', keyspace: 'default', shard: 0, controllers: [...members.slice(0, -1), other] };
}

describe.each(LEVELS)('a lost majority of those that vote, at %s,', (level) => {
  it('is forced out, and all that are left go on', async () => {
    const cluster = await clusterOf(level);
    await fill(cluster, 'old', NODES);
    await lose(cluster);
    expect(textOf(await force(cluster, 0, LOST, false))).toContain('a majority is then 1');
    expect(textOf(await force(cluster, 0, LOST))).toContain('dropped for good');
    await cluster.run(1_000);
    for (const node of LEFT) expect(votersAt(cluster, node)).toEqual([0]);
    await expectAt(cluster, 'old', LEFT);
    await fill(cluster, 'new', LEFT);
    expect(await changeKeyspace(cluster, REBALANCE)).toContain('keyspace shows how far it is');
    await until(cluster, () => moveOf(cluster) === null, 20_000);
    await cluster.run(1_000);
    const holders = holdersOf(cluster.nodes[0]!.core!.levels.agreedShards);
    expect(LOST.filter((id) => holders.has(id))).toEqual([]);
    await expectAt(cluster, 'new', LEFT);
    await fill(cluster, 'newer', LEFT);
    await expectAt(cluster, 'newer', LEFT);
  });

  it.each(['preparing', 'barrier', 'settling'])('is forced out while shards move: %s', async (phase) => {
    const cluster = await clusterOf(level);
    await fill(cluster, 'old', NODES);
    await changeKeyspace(cluster, moved(cluster));
    await until(cluster, () => moveOf(cluster)?.phase === phase);
    await lose(cluster);
    const reply = textOf(await force(cluster, 0, LOST));
    if (reply.includes('does not know')) return;
    expect(reply).toContain('dropped for good');
    await until(cluster, () => moveOf(cluster) === null, 20_000);
    await cluster.run(1_000);
    await expectAt(cluster, 'old', LEFT);
    await fill(cluster, 'new', LEFT);
    await expectAt(cluster, 'new', LEFT);
  });
});

it('every controller that follows has to say what it goes by, or to be named as well', async () => {
  const cluster = await clusterOf('eventual');
  await fill(cluster, 'old', NODES);
  await lose(cluster, [...LOST, 7]);
  const reply = textOf(await force(cluster, 0, LOST));
  expect(reply).toContain('controller 7 (');
  expect(reply).toContain('start it, or name it as well');
  expect(textOf(await force(cluster, 0, [...LOST, 7]))).toContain('dropped for good');
  await cluster.run(1_000);
  await expectAt(
    cluster,
    'old',
    LEFT.filter((id) => id !== 7),
  );
});

it('nothing is forced past what others were told that follow', async () => {
  const cluster = await clusterOf('eventual', 'sync');
  await fill(cluster, 'old', NODES);
  for (const id of NODES) if (id !== 0) cluster.network.cut(0, id);
  await cluster.run(1_500);
  await changeKeyspace(cluster, moved(cluster), 1);
  await until(cluster, () => moveOf(cluster, 1) !== null);
  await cluster.run(1_000);
  await lose(cluster);
  cluster.network.healAll();
  await cluster.run(2_000);
  expect(textOf(await force(cluster, 0, LOST))).toContain(
    'goes by a change that this controller does not know',
  );
  expect(votersAt(cluster, 0)).toEqual([0, 1, 2]);
  cluster.nodes[1]!.start();
  await cluster.run(3_000);
  expect(textOf(await force(cluster, 0, [2]))).toContain('dropped for good');
});

it('nothing is forced while one that follows still hears a controller that is to be dropped', async () => {
  const cluster = await clusterOf('eventual');
  for (const id of LOST) cluster.network.cut(0, id);
  await cluster.run(1_500);
  expect(textOf(await force(cluster, 0, LOST))).toContain('still hears a controller that is to be dropped');
  expect(votersAt(cluster, 0)).toEqual([0, 1, 2]);
});

const isDropped = ({ nodes }: SimCluster, id: number) =>
  LOST.every((lost) => nodes[id]!.core?.configuration.controllers.every((other) => other.id !== lost));

/**
 * Two of three that vote die, perhaps while shards move, and perhaps while the third was cut off. It goes on without
 * them, or says that it can not: then one of them comes back with its disk.
 */
async function play(seed: number): Promise<void> {
  const random = new Random(seed);
  const cluster = await clusterOf(random.pick(LEVELS), 'sync', seed);
  await fill(cluster, 'old', NODES);
  if (random.chance(0.4))
    for (const id of NODES) if (id !== 0 && random.chance(0.8)) cluster.network.cut(0, id);
  await cluster.run(random.below(1_500));
  if (random.chance(0.7)) await changeKeyspace(cluster, moved(cluster), random.below(3));
  await cluster.run(random.below(200));
  await lose(cluster);
  cluster.network.healAll();
  await cluster.run(random.below(1_500));
  let said = '';
  for (let asked = 0; asked < 10 && !LEFT.every((id) => isDropped(cluster, id)); asked++) {
    said = textOf(await force(cluster, 0, LOST));
    await cluster.run(500);
    if (said.includes('does not know')) break;
  }
  if (said.includes('does not know')) {
    cluster.nodes[1]!.start();
    await cluster.run(3_000);
    expect(textOf(await force(cluster, 0, [2]))).toContain('dropped for good');
  }
  await cluster.run(3_000);
  await expectAt(cluster, 'old', LEFT);
  await fill(cluster, 'new', LEFT);
  await expectAt(cluster, 'new', LEFT);
}

it('whenever a majority dies, the others go on, or say who has to come back', () => forEachSeed(play));
