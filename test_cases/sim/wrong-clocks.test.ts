import { describe, expect, it } from 'vitest';
import type { Durability } from '../../src/journal/durability.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import { storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** The wall clock of one controller is wrong, or jumps. No entry is lost by that, and none comes back. */

const OK: Reply = { kind: 'outcome', outcome: 'ok' };
const STORED: Reply = { kind: 'outcome', outcome: 'stored' };

const HOUR_MS = 3_600_000;

const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

const setFor = (key: string, seconds: number): Request =>
  storageRequest('set', key, 0, seconds, Buffer.from('v'));

const CASES = LEVELS.flatMap((level) =>
  (['none', 'async'] as const).map((durability) => ({ level, durability })),
);

async function clusterOf(level: Level, durability: Durability): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 3, level, settings: { durability } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

async function store(cluster: SimCluster, seconds: number): Promise<void> {
  for (const [i, key] of KEYS.entries())
    expect(await ask(cluster, i % 3, setFor(key, seconds))).toEqual(STORED);
  await cluster.run(500);
}

/** The wall clock of controller 1 jumps, and some seconds later back. */
async function jump(cluster: SimCluster, byMs: number): Promise<void> {
  cluster.nodes[1]!.clock.skewMs = byMs;
  await cluster.run(4_000);
  cluster.nodes[1]!.clock.skewMs = 0;
  await cluster.run(4_000);
}

/** The keys that a controller has an entry for. */
async function keysAt(cluster: SimCluster, node: number): Promise<string[]> {
  const found: string[] = [];
  for (const key of KEYS) if ((await read(cluster, node, key)) !== null) found.push(key);
  return found;
}

describe.each(CASES)('a wrong wall clock, at $level with $durability', ({ level, durability }) => {
  it.each([HOUR_MS, -HOUR_MS])('jumps by %d ms and back: every controller has every entry', async (byMs) => {
    const cluster = await clusterOf(level, durability);
    await store(cluster, 600);
    await jump(cluster, byMs);
    for (const node of [0, 1, 2]) expect(await keysAt(cluster, node)).toEqual(KEYS);
    await cluster.runUntilReady();
  });

  it('jumps ahead while a flush is announced: the flush waits for its time, and happens then', async () => {
    const cluster = await clusterOf(level, durability);
    await store(cluster, 0);
    expect(await ask(cluster, 0, { kind: 'flush_all', delay: 30, noreply: false })).toEqual(OK);
    await jump(cluster, HOUR_MS);
    for (const node of [0, 1, 2]) expect(await keysAt(cluster, node)).toEqual(KEYS);
    await cluster.run(25_000);
    for (const node of [0, 1, 2]) expect(await keysAt(cluster, node)).toEqual([]);
  });

  it('is 4 s ahead, which is allowed: a short-lived entry is not a miss before its time', async () => {
    const cluster = await clusterOf(level, durability);
    expect(await ask(cluster, 0, setFor('k', 4))).toEqual(STORED);
    await cluster.run(100);
    cluster.nodes[1]!.clock.skewMs = 4_500;
    await cluster.run(500);
    expect(await read(cluster, 1, 'k')).toBe('v');
    await cluster.run(4_500);
    for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBeNull();
    cluster.nodes[1]!.clock.skewMs = 0;
    await cluster.run(500);
    for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBeNull();
  });

  it('jumps back: an entry that has expired does not come back', async () => {
    const cluster = await clusterOf(level, durability);
    expect(await ask(cluster, 0, setFor('k', 1))).toEqual(STORED);
    await cluster.run(1_200);
    cluster.nodes[1]!.clock.skewMs = -HOUR_MS;
    await cluster.run(100);
    for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBeNull();
  });
});

describe.each(CASES)('a wall clock that stays wrong, at $level with $durability', ({ level, durability }) => {
  it('is an hour off: its controller takes part, and entries written there live as long as asked', async () => {
    const cluster = await clusterOf(level, durability);
    for (const byMs of [HOUR_MS, -HOUR_MS]) {
      cluster.nodes[1]!.clock.skewMs = byMs;
      await cluster.run(2_000);
      await cluster.runUntilReady();
      expect(await ask(cluster, 1, setFor('k', 3))).toEqual(STORED);
      await cluster.run(2_000);
      for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBe('v');
      await cluster.run(1_500);
      for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBeNull();
    }
  });

  it('is an hour off when its controller starts: the controller goes by the time of the others', async () => {
    const cluster = await clusterOf(level, durability);
    await store(cluster, 600);
    for (const byMs of [HOUR_MS, -HOUR_MS]) {
      cluster.kill(cluster.nodes[1]!);
      cluster.nodes[1]!.clock.skewMs = byMs;
      await cluster.run(1_000);
      cluster.nodes[1]!.start();
      await cluster.runUntilReady();
      expect(await ask(cluster, 1, set('other', 'v'))).toEqual(STORED);
      await cluster.run(4_000);
      for (const node of [0, 1, 2]) expect(await keysAt(cluster, node)).toEqual(KEYS);
    }
  });
});

/** The newer value hides the older one although it has expired. */
it('regression: at eventual an older value came back when the newer one had expired', async () => {
  const cluster = new SimCluster({ seed: 3, level: 'eventual' });
  await cluster.start();
  await cluster.run(1_000);
  cluster.network.cut(0, 2);
  cluster.network.cut(1, 2);
  await cluster.run(1_000);
  expect(await ask(cluster, 2, set('k', 'old'))).toEqual(STORED);
  await cluster.run(100);
  expect(await ask(cluster, 0, setFor('k', 1))).toEqual(STORED);
  await cluster.run(8_000);
  expect(cluster.nodes[0]!.journal.newest('k')).toMatchObject({ tombstone: false });
  expect(cluster.nodes[0]!.store.items.has('k')).toBe(false);
  cluster.network.healAll();
  await cluster.runUntilReady();
  await cluster.run(4_000);
  for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBeNull();
});

describe.each(['linearizability', 'sequential'] as const)('a start of all controllers at %s', (level) => {
  const set1 = set('k', '1');

  const stopped = async (): Promise<SimCluster> => {
    const cluster = new SimCluster({ seed: 3, level, settings: { durability: 'sync' } });
    await cluster.start();
    expect(await ask(cluster, 0, setFor('k', 600))).toEqual(STORED);
    await cluster.run(500);
    cluster.kill(...cluster.nodes);
    await cluster.run(1_000);
    return cluster;
  };

  it('regression: an emptied store was not refilled with entries that had expired by its own clock', async () => {
    const cluster = await stopped();
    const [wrong] = cluster.nodes;
    wrong!.clock.skewMs = HOUR_MS;
    wrong!.store.empty();
    wrong!.start();
    await cluster.run(3_000);
    for (const node of cluster.nodes.slice(1)) node.start();
    await cluster.runUntilReady();
    await cluster.run(5_000);
    expect(wrong!.store.items.has('k')).toBe(true);
  });

  it('with one wrong clock: cluster time is the one in the middle', async () => {
    const cluster = await stopped();
    cluster.nodes[1]!.clock.skewMs = HOUR_MS;
    for (const node of cluster.nodes) node.start();
    await cluster.runUntilReady();
    await cluster.run(4_000);
    for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBe('v');
  });

  it('with two of three, whose clocks are an hour apart: they wait for the third, and say why', async () => {
    const cluster = await stopped();
    cluster.nodes[1]!.clock.skewMs = HOUR_MS;
    cluster.nodes[0]!.start();
    cluster.nodes[1]!.start();
    await cluster.run(5_000);
    for (const node of [0, 1]) {
      const reason = expect.stringMatching(/^the clocks of the controllers that are up are 3600\.\d s apart/);
      expect(await ask(cluster, node, set1)).toEqual({ kind: 'server_error', code: 'CLOCK_UNKNOWN', reason });
    }
    cluster.nodes[2]!.start();
    await cluster.runUntilReady();
    for (const node of [0, 1, 2]) expect(await read(cluster, node, 'k')).toBe('v');
    expect(await ask(cluster, 1, set1)).toEqual(STORED);
  });

  it('with two of three, whose clocks are right: they serve', async () => {
    const cluster = await stopped();
    cluster.nodes[1]!.clock.skewMs = 3_000;
    cluster.nodes[0]!.start();
    cluster.nodes[1]!.start();
    await cluster.run(5_000);
    for (const node of [0, 1]) expect(await ask(cluster, node, set1)).toEqual(STORED);
  });
});
