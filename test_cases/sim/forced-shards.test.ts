import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/controller/settings.ts';
import type { Membership } from '../../src/membership/membership.ts';
import { votersOf } from '../../src/placement/configuration.ts';
import type { Level } from '../../src/placement/level.ts';
import { holdersOf } from '../../src/placement/reshard.ts';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { expectAt, fill, force, KEYS, submit, textOf } from './forcing.ts';
import { changeKeyspace, moveOf, until } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';

/** A controller that has shards is gone for good: it is forced out, and others take its shards. */

const LEVELS: readonly Level[] = ['linearizability', 'sequential', 'causal', 'eventual'];

interface Spread extends Partial<Settings> {
  readonly nodes?: number;
  readonly shards?: number;
  readonly replicas?: number;
}

async function clusterOf(
  level: Level,
  { nodes = 4, shards = 4, replicas = 2, ...settings }: Spread = {},
): Promise<SimCluster> {
  const sharded = [{ name: 'default', shards, replicas }];
  const cluster = new SimCluster({ seed: 1, level, nodes, settings: { sharded, ...settings } });
  await cluster.start();
  await cluster.run(1_500);
  return cluster;
}

const holders = ({ nodes }: SimCluster, node = 0) =>
  [...holdersOf(nodes[node]!.core!.levels.agreedShards)].sort();

const votersAt = ({ nodes }: SimCluster, node: number) => votersOf(nodes[node]!.core!.configuration);

describe.each(LEVELS)('a controller with shards at %s', (level) => {
  it.each([
    ['that votes', {}, 1, [0, 2, 3]],
    ['that follows', { nodes: 8, voters: 3, shards: 6 }, 5, [0, 1, 2, 3, 4, 6, 7]],
  ])('%s is forced out, and the others take its shards', async (_, spread, lost, left) => {
    const cluster = await clusterOf(level, spread);
    await fill(cluster, 'old', [0, lost]);
    expect(holders(cluster)).toContain(lost);
    cluster.kill(cluster.nodes[lost]!);
    await cluster.run(1_500);
    expect(textOf(await force(cluster, 0, [lost], false))).toContain('with fewer controllers: ');
    expect(textOf(await force(cluster, 0, [lost]))).toContain('dropped for good');
    await cluster.run(1_000);
    await expectAt(cluster, 'old', left);
    await fill(cluster, 'new', left);
    expect(
      await changeKeyspace(cluster, { what: 'rebalance', keyspace: 'default', without: null }),
    ).toContain('keyspace shows how far it is');
    await until(cluster, () => moveOf(cluster) === null, 20_000);
    await cluster.run(1_000);
    expect(holders(cluster)).not.toContain(lost);
    await expectAt(cluster, 'new', left);
    await fill(cluster, 'newer', left);
    await expectAt(cluster, 'newer', left);
  });

  it('is forced out while its shards move, and the move goes on', async () => {
    const cluster = await clusterOf(level);
    await fill(cluster, 'old', [0, 1]);
    await changeKeyspace(cluster, { what: 'rebalance', keyspace: 'default', without: 1 });
    await until(cluster, () => moveOf(cluster)?.phase === 'preparing');
    cluster.kill(cluster.nodes[1]!);
    await cluster.run(1_500);
    expect(moveOf(cluster)).not.toBe(null);
    expect(textOf(await force(cluster, 0, [1]))).toContain('dropped for good');
    await until(cluster, () => moveOf(cluster) === null, 20_000);
    await cluster.run(1_000);
    expect(holders(cluster)).not.toContain(1);
    await expectAt(cluster, 'old', [0, 2, 3]);
  });

  it('comes back with its data, and serves nothing', async () => {
    const cluster = await clusterOf(level, { durability: 'sync' });
    await fill(cluster, 'old', [0, 1]);
    cluster.kill(cluster.nodes[1]!);
    await cluster.run(1_500);
    await force(cluster, 0, [1]);
    await fill(cluster, 'new', [0, 2, 3]);
    cluster.nodes[1]!.start();
    await cluster.run(3_000);
    for (const key of KEYS)
      expect(await ask(cluster, 1, set(key, 'older'))).toMatchObject({ code: 'NOT_VOTING' });
    await expectAt(cluster, 'new', [0, 2, 3]);
  });
});

it('the last of three goes on alone with its shards', async () => {
  for (const level of ['linearizability', 'eventual'] as const) {
    const cluster = await clusterOf(level, { nodes: 3, shards: 2, replicas: 3, durability: 'sync' });
    await fill(cluster, 'old', [0, 1, 2]);
    cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
    await cluster.run(1_500);
    expect(textOf(await force(cluster, 0, [1, 2], false))).toContain('may be lost in default: ');
    expect(textOf(await force(cluster, 0, [1, 2]))).toContain('a majority is then 1');
    await cluster.run(1_000);
    await expectAt(cluster, 'old', [0]);
    await fill(cluster, 'new', [0]);
    for (const id of [1, 2]) cluster.nodes[id]!.start();
    await cluster.run(2_000);
    for (const id of [1, 2])
      expect(await ask(cluster, id, set(KEYS[0]!, 'older'))).toMatchObject({ code: 'NOT_VOTING' });
    await expectAt(cluster, 'new', [0]);
  }
});

it('one that was cut off and dropped is told so where controllers follow', async () => {
  const cluster = await clusterOf('eventual', { nodes: 6, voters: 3, shards: 4 });
  for (const id of [1, 2, 3, 4, 5]) cluster.network.cut(0, id);
  await cluster.run(1_500);
  await force(cluster, 1, [0]);
  await changeKeyspace(cluster, { what: 'rebalance', keyspace: 'default', without: null }, 1);
  await until(cluster, () => moveOf(cluster, 1) === null, 20_000);
  cluster.network.healAll();
  await cluster.run(2_000);
  for (const key of KEYS)
    expect(await ask(cluster, 0, set(key, 'x'))).toMatchObject({ kind: 'server_error' });
});

it('the last controller of a shard is not forced out', async () => {
  const cluster = await clusterOf('eventual', { replicas: 1 });
  cluster.kill(cluster.nodes[1]!);
  await cluster.run(1_500);
  expect(textOf(await force(cluster, 0, [1]))).toContain('would be gone');
  expect(holders(cluster)).toContain(1);
});

it('one without shards is removed without force where a majority is left', async () => {
  const cluster = await clusterOf('eventual', { nodes: 5, shards: 2 });
  const idle = [0, 1, 2, 3, 4].find((id) => !holders(cluster).includes(id))!;
  cluster.kill(cluster.nodes[idle]!);
  await cluster.run(1_500);
  expect(textOf(await force(cluster, idle === 0 ? 1 : 0, [idle]))).toContain('without force');
});

const membersOf = ({ view }: Membership) => view?.members.map(({ node }) => node);

/**
 * Seven controllers, and one shard on the first five. Those of `lost` hear only the others of the shard, so they are in
 * no view of the root group, and have leases in that of the shard.
 */
async function halfCutOff(lost: readonly number[]): Promise<SimCluster> {
  const cluster = await clusterOf('linearizability', { nodes: 7, shards: 1, replicas: 5 });
  await ask(cluster, 0, set('k', 'old'));
  const others = [0, 1, 2, 3, 4, 5, 6].filter((id) => !lost.includes(id));
  for (const id of lost) for (const other of others) cluster.network.cut(id, other);
  await cluster.run(1_500);
  for (const id of lost) for (const other of others) if (other < 5) cluster.network.heal(id, other);
  await cluster.run(2_500);
  expect(membersOf(cluster.nodes[others[0]!]!.core!.groups.views)).toEqual(others);
  expect(membersOf(shardAt(cluster, lost[0]!))?.toSorted()).toEqual([0, 1, 2, 3, 4]);
  return cluster;
}

/** The views of the one shard, at a controller that has it. */
const shardAt = ({ nodes }: SimCluster, node: number) =>
  nodes[node]!.core!.groups.furtherViews.find(({ group }) => group >= FIRST_SHARD_GROUP)!.views;

/** What a controller answers in this moment; undefined for no value, and no miss. */
async function readAtOnce(
  cluster: SimCluster,
  node: number,
  key: string,
): Promise<string | null | undefined> {
  let reply: Reply | null = null;
  cluster.nodes[node]!.connect().submit({ kind: 'get', keys: [key], withCas: false }, (answer) => {
    reply = answer;
  });
  await cluster.run(5);
  const answer = reply as Reply | null;
  return answer?.kind === 'hits' ? (answer.hits[0]?.value.toString() ?? null) : undefined;
}

const MOVE: WantedKeyspace = { what: 'move', keyspace: 'default', shard: 0, controllers: [2, 3, 4, 5, 6] };

it('one that serves on beyond a partition reads nothing of a shard once others have taken it', async () => {
  const cluster = await halfCutOff([0, 1]);
  await changeKeyspace(cluster, MOVE, 5);
  submit(cluster, 5, [0, 1]);
  await until(cluster, () => [2, 3, 4, 5, 6].every((node) => !votersAt(cluster, node).includes(1)));
  for (const other of [2, 3, 4]) for (const id of [0, 1]) cluster.network.block(other, id);
  expect(shardAt(cluster, 0).leaseLeftMs).toBeGreaterThan(0);
  await until(cluster, () => [null, 'settling'].includes(moveOf(cluster, 5)?.phase ?? null), 20_000);
  expect(await ask(cluster, 6, set('k', 'new'))).toMatchObject({ outcome: 'stored' });
  expect(await readAtOnce(cluster, 0, 'k')).not.toBe('old');
});

it('a barrier is lifted by the view that drops a controller', async () => {
  const cluster = await clusterOf('linearizability', { nodes: 7, shards: 1, replicas: 5 });
  await changeKeyspace(cluster, MOVE, 5);
  await until(cluster, () => moveOf(cluster, 2)?.phase === 'barrier');
  cluster.kill(cluster.nodes[0]!, cluster.nodes[1]!);
  await until(cluster, () => [0, 1].every((id) => !cluster.nodes[2]!.core!.peers.isHeard(id)));
  submit(cluster, 2, [0, 1]);
  const { views } = cluster.nodes[2]!.core!.groups;
  await until(cluster, () => views.view !== null && votersOf(views.configuration).length === 5);
  expect(moveOf(cluster, 2)?.phase).toBe('preparing');
  await until(cluster, () => moveOf(cluster, 2) === null, 20_000);
});
