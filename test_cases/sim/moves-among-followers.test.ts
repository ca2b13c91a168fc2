import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { configurationAmong } from '../../src/placement/configuration.ts';
import type { Level } from '../../src/placement/level.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { configurationOfSize } from '../support/configurations.ts';
import { ask, read, set } from './ask.ts';
import { member } from './joinable.ts';
import { changeKeyspace as change, moveOf, settled, until } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';

/** Nine controllers, of which three vote. Shard 2 is on two that follow. */

const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);
const VOTERS = [0, 1, 2];
const LEVELS: readonly Level[] = ['linearizability', 'sequential', 'causal', 'eventual'];

async function started(
  level: Level,
  durability: Durability = 'none',
  { shards = 3, replicas = 2, ...settings }: Partial<Settings> & { shards?: number; replicas?: number } = {},
): Promise<SimCluster> {
  const sharded = [{ name: 'default', shards, replicas }];
  const cluster = new SimCluster({
    seed: 1,
    level,
    nodes: 9,
    settings: { voters: VOTERS.length, sharded, durability, ...settings },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const move = (shard: number, ...controllers: number[]): WantedKeyspace => {
  return { what: 'move', keyspace: 'default', shard, controllers };
};

/** A key of the shard, as a voter that has no part in it sees it. */
function keyIn({ nodes }: SimCluster, ...members: readonly number[]): string {
  const partOf = (key: string) => nodes[0]!.core!.router.partOf(key).elsewhere?.members.join();
  return KEYS.find((key) => partOf(key) === members.join())!;
}

const epochAt = ({ nodes }: SimCluster, node: number) =>
  nodes[node]!.core?.groups.views.placement?.epoch ?? 0;
const stepAt = ({ nodes }: SimCluster, node: number) => nodes[node]!.core?.mover.word?.step;

/** Nothing gets from the voters to the controller, so it is told nothing. */
function cutOff({ network }: SimCluster, node: number): void {
  for (const voter of VOTERS) network.block(voter, node);
}

async function hasAnswer(cluster: SimCluster, node: number, key: string, withinMs: number): Promise<boolean> {
  let isAnswered = false;
  cluster.nodes[node]!.connect().submit({ kind: 'get', keys: [key], withCas: false }, () => {
    isAnswered = true;
  });
  await cluster.run(withinMs);
  return isAnswered;
}

describe.each(LEVELS)('a shard of controllers that do not vote, at %s', (level) => {
  it.each([
    ['to others of them', [7, 8]],
    ['to voters', [0, 1]],
    ['and one of them keeps it', [5, 6]],
  ])('moves %s, while clients read and write', async (_, controllers) => {
    const cluster = await started(level);
    for (const key of KEYS) await ask(cluster, 3, set(key, '0'));
    expect(await change(cluster, move(2, ...controllers))).toContain('gets other controllers');
    let round = 0;
    while (moveOf(cluster, 6) !== null || round === 0) {
      round++;
      for (const [i, key] of KEYS.entries()) {
        expect(await ask(cluster, i % 9, set(key, `${round}`))).toMatchObject({ outcome: 'stored' });
        expect(await read(cluster, i % 9, key)).toBe(`${round}`);
      }
    }
    await settled(cluster);
    await cluster.run(1_000);
    for (const node of [1, 4, 8])
      for (const key of KEYS) expect(await read(cluster, node, key)).toBe(`${round}`);
    expect(cluster.nodes.reduce((sum, node) => sum + node.liveKeys().length, 0)).toBe(2 * KEYS.length);
  });
});

describe('a controller that follows', () => {
  it('reads nothing of what moves once it has handed it over', async () => {
    const cluster = await started('linearizability');
    const key = keyIn(cluster, 4, 5);
    await ask(cluster, 0, set(key, 'old'));
    await change(cluster, move(2, 7, 8));
    await until(cluster, () => stepAt(cluster, 4) === 'handed-over');
    cutOff(cluster, 4);
    await until(cluster, () => moveOf(cluster)?.phase === 'settling');
    await cluster.run(50);
    expect(await ask(cluster, 7, set(key, 'new'))).toMatchObject({ outcome: 'stored' });
    expect(await hasAnswer(cluster, 4, key, 100)).toBe(false);
  });

  it('reads nothing of what moves if it was started again behind the barrier', async () => {
    const cluster = await started('eventual', 'async');
    const { nodes } = cluster;
    const key = keyIn(cluster, 4, 5);
    await ask(cluster, 0, set(key, 'old'));
    await change(cluster, move(2, 7, 8));
    await until(cluster, () => [4, 5].every((node) => moveOf(cluster, node)?.phase === 'barrier'));
    // Nobody goes on with the move, and the others lift the barrier once they have missed this one.
    nodes[0]!.pause();
    nodes[4]!.kill();
    nodes[4]!.start();
    await until(cluster, () => (nodes[4]!.core?.groups.views.installation ?? null) !== null);
    for (let waitedMs = 0; waitedMs < 200; waitedMs++) {
      expect(moveOf(cluster, 4)?.phase).toBe('barrier');
      expect(nodes[4]!.core!.router.partOf(key)).toMatchObject({ hold: 'all' });
      await cluster.run(1);
    }
  });

  it('answers nobody before it is told what is installed', async () => {
    const cluster = await started('sequential', 'async');
    const { nodes } = cluster;
    const key = keyIn(cluster, 4, 5);
    await ask(cluster, 0, set(key, 'x'));
    await cluster.run(500);
    for (const node of [0, 1, 4]) nodes[node]!.kill();
    await cluster.run(1_000);
    nodes[4]!.start();
    await cluster.run(2_000);
    expect(await hasAnswer(cluster, 4, key, 200)).toBe(false);
    // One that was told in this run goes on without the voters.
    expect(await read(cluster, 5, key)).toBe('x');
    nodes[0]!.start();
    await cluster.run(2_000);
    expect(await read(cluster, 4, key)).toBe('x');
  });

  it('is waited for in the run in which it has handed over', async () => {
    const cluster = await started('eventual');
    await change(cluster, move(2, 7, 8));
    await until(cluster, () => moveOf(cluster)?.phase === 'barrier');
    for (const voter of [1, 2]) cluster.network.extraMs.set(`${voter}>0`, 60);
    await until(cluster, () => cluster.nodes[0]!.core!.groups.views.isChanging);
    cluster.nodes[4]!.kill();
    await cluster.run(1_000);
    expect(moveOf(cluster)?.phase).toBe('preparing');
  });

  it('is told nothing by a controller that may have missed a change', async () => {
    const cluster = await started('eventual', 'none', { shards: 2, replicas: 1 });
    for (const [shard, controller] of [4, 5].entries()) {
      await change(cluster, move(shard, controller));
      await settled(cluster);
    }
    const key = keyIn(cluster, 4);
    const { network, nodes } = cluster;
    for (const voter of [0, 1]) network.cut(2, voter);
    await cluster.run(1_000);
    expect(await member(cluster, 0, 'remove', '2')).toContain('these vote now');
    expect(await change(cluster, move(0, 6))).toContain('gets other controllers');
    await until(cluster, () => epochAt(cluster, 0) > epochAt(cluster, 2) && moveOf(cluster) === null);
    await ask(cluster, 0, set(key, 'new'));
    for (const voter of [0, 1]) network.cut(4, voter);
    nodes[4]!.kill();
    nodes[4]!.disk.clear();
    nodes[4]!.start();
    await cluster.run(1_000);
    expect(network.isUp(4, 2)).toBe(true);
    expect(await hasAnswer(cluster, 4, key, 100)).toBe(false);
  });

  it('does not go back to what another one tells it late', async () => {
    const cluster = await started('eventual');
    cluster.network.extraMs.set('1>4', 70);
    await change(cluster, move(2, 7, 8));
    let last = 0;
    for (let waitedMs = 0; waitedMs < 2_000; waitedMs += 1) {
      await cluster.run(1);
      expect(epochAt(cluster, 4)).toBeGreaterThanOrEqual(last);
      last = epochAt(cluster, 4);
    }
    expect(last).toBe(epochAt(cluster, 0));
    expect(moveOf(cluster, 4)).toBeNull();
  });

  it('asks others with which it has exchanged records, once it has nothing in common with them', async () => {
    const cluster = await started('eventual');
    const key = keyIn(cluster, 4, 5);
    await change(cluster, move(2, 7, 8));
    await settled(cluster);
    for (const node of [4, 5]) {
      expect(await ask(cluster, node, set(key, `${node}`))).toMatchObject({ outcome: 'stored' });
      expect(await read(cluster, node, key)).toBe(`${node}`);
    }
    for (const [a, b] of [
      [4, 7],
      [4, 8],
    ] as const)
      cluster.network.break(a, b);
    await cluster.run(500);
    expect(cluster.nodes[4]!.core!.passing.has(7)).toBe(true);
    expect(await read(cluster, 4, key)).toBe('5');
  });

  it('knows the groups of sessions before they serve, also without a shard', async () => {
    const cluster = await started('causal');
    cluster.network.block(8, 0);
    cluster.network.block(8, 1);
    cluster.network.block(8, 2);
    expect(await change(cluster, move(2, 6, 7))).toContain('gets other controllers');
    await cluster.run(1_500);
    expect(moveOf(cluster)?.phase).toBe('preparing');
    cluster.network.healAll();
    await settled(cluster);
    await cluster.run(500);
    expect(epochAt(cluster, 8)).toBe(epochAt(cluster, 0));
  });

  it('is waited for no more once it was removed', async () => {
    const cluster = await started('causal');
    cluster.nodes[8]!.kill();
    await cluster.run(500);
    expect(await change(cluster, move(2, 6, 7))).toContain('gets other controllers');
    await cluster.run(1_500);
    expect(moveOf(cluster)?.phase).toBe('preparing');
    expect(await member(cluster, 0, 'remove', '6')).toContain('has shards of default');
    expect(await member(cluster, 0, 'remove', '8')).toContain('is none of the cluster any more');
    await until(cluster, () => moveOf(cluster) === null);
  });
});

it('a majority of the controllers of a shard is one of all of them, known or not', () => {
  const { controllers } = configurationAmong(configurationOfSize(3), [1, 2, 9]);
  expect(controllers.map(({ id }) => id)).toEqual([1, 2, 9]);
});

it('what is only for controllers that vote is asked of one of them', async () => {
  const cluster = await started('eventual');
  expect(await change(cluster, move(2, 7, 8), 6)).toContain('does not vote: ask one that does');
  expect(await member(cluster, 6, 'add', 'sim:1000')).toContain('does not vote: ask one that does');
});
