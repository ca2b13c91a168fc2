import { describe, expect, it } from 'vitest';
import type { Durability } from '../../src/journal/durability.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import { ask, read, set } from './ask.ts';
import type { Draw } from './scenario.ts';
import { runSeeds } from './seed-pool.ts';
import { FIRST_SEED, forEachSeed, SEEDS } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import { Tally } from './tally.ts';

/** The journal on disk, in whole clusters: each durability loses what it may lose, and nothing more. */

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);

async function clusterOf(level: Level, durability: Durability, seed = 1): Promise<SimCluster> {
  const cluster = new SimCluster({ seed, level, settings: { durability } });
  await cluster.start();
  return cluster;
}

/** Writes keys one after the other, then all machines go off. @returns the keys that have an entry afterwards */
async function afterBlackout(cluster: SimCluster, ageMs: number): Promise<string[]> {
  for (const [i, key] of KEYS.entries())
    expect(await ask(cluster, i % 3, set(key, key))).toEqual({ kind: 'outcome', outcome: 'stored' });
  await cluster.run(ageMs);
  cluster.losePower(...cluster.nodes);
  await cluster.run(100);
  for (const node of cluster.nodes) node.start();
  await cluster.runUntilReady();
  await cluster.run(3_000);
  const found: string[] = [];
  for (const key of KEYS) if ((await read(cluster, 0, key)) === key) found.push(key);
  return found;
}

describe.each(LEVELS)('when all machines go off at once, at %s', (level) => {
  it('no answered write is lost with sync', async () => {
    await forEachSeed(async (seed) => {
      expect(await afterBlackout(await clusterOf(level, 'sync', seed), 0)).toEqual(KEYS);
    });
  });

  it('no write that was answered a moment ago is lost with async', async () => {
    await forEachSeed(async (seed) => {
      expect(await afterBlackout(await clusterOf(level, 'async', seed), 80)).toEqual(KEYS);
    });
  });

  it('the newest writes are lost with async, in the order of the writes', async () => {
    let lost = 0;
    await forEachSeed(async (seed) => {
      const found = await afterBlackout(await clusterOf(level, 'async', seed), 0);
      if (level !== 'eventual') expect(found).toEqual(KEYS.slice(0, found.length));
      lost += KEYS.length - found.length;
    });
    expect(lost).toBeGreaterThan(0);
  });

  it('all writes are lost with none', async () => {
    expect(await afterBlackout(await clusterOf(level, 'none'), 1_000)).toEqual([]);
  });
});

describe.each(['linearizability', 'sequential'] as const)('before anything is applied, at %s', (level) => {
  it.each(['async', 'sync'] as const)(
    'members form a view again after all lost power, with %s',
    async (durability) => {
      const cluster = await clusterOf(level, durability);
      await cluster.run(1_000);
      const [first, second, third] = cluster.nodes as [SimNode, SimNode, SimNode];
      for (const { id } of [first, second]) cluster.network.cut(id, third.id);
      await cluster.run(3_000);
      expect(first.core!.view?.members.map(({ node }) => node)).toEqual([0, 1]);
      cluster.losePower(first, second);
      await cluster.run(100);
      first.start();
      second.start();
      cluster.network.healAll();
      await cluster.runUntilReady();
      expect(await ask(cluster, 2, set('k', 'v'))).toMatchObject({ outcome: 'stored' });
      expect(await read(cluster, 0, 'k')).toBe('v');
    },
  );

  it('a first write that is under way while all lose power is there or not, and the next is stored', async () => {
    await forEachSeed(async (seed) => {
      const cluster = await clusterOf(level, 'sync', seed);
      await cluster.run(1_000);
      const [first, second, third] = cluster.nodes as [SimNode, SimNode, SimNode];
      for (const { id } of [first, second]) cluster.network.cut(id, third.id);
      await cluster.run(3_000);
      first.connect().submit(set('k', 'first'), () => {});
      await cluster.run(seed % 12);
      cluster.losePower(first, second);
      await cluster.run(100);
      first.start();
      second.start();
      cluster.network.healAll();
      await cluster.runUntilReady();
      expect(['first', null]).toContain(await read(cluster, 0, 'k'));
      expect(await ask(cluster, 2, set('k', 'v'))).toMatchObject({ outcome: 'stored' });
    });
  });
});

const CASES: Readonly<Record<string, Draw>> = {
  'with everything drawn': {},
  'while machines go off, alone and together': { faults: { blackout: 0.6, 'power-loss': 2, kill: 1 } },
  'while disks are full and slow, and all are killed': {
    faults: { 'kill-all': 0.6, 'disk-full': 1, 'disk-slow': 1, pause: 0.5 },
  },
};

/** How many scenarios of each case there are for each seed of the other simulated tests. */
const SCENARIOS_PER_SEED = 2;

it.each(Object.entries(CASES))('nothing goes wrong in a swarm of disks %s', async (_, draw) => {
  const tally = new Tally();
  const seeds = SEEDS * SCENARIOS_PER_SEED;
  const onOutcome = (outcome: Parameters<Tally['add']>[0]) => {
    tally.add(outcome);
    return tally.failed.length >= 10;
  };
  await runSeeds({ first: FIRST_SEED, seeds, draw: { durabilities: ['async', 'sync'], ...draw }, onOutcome });
  expect(tally.failed.map(({ seed, violations }) => ({ seed, violations }))).toEqual([]);
  expect(tally.recoveries).toBeGreaterThan(seeds / 2);
  expect(tally.resumptions).toBeGreaterThan(seeds / 20);
});
