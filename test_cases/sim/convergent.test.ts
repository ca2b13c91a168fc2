import { describe, expect, it } from 'vitest';
import { storeRequest } from '../../src/protocol/make-request.ts';
import type { Action, History } from '../checkers/history.ts';
import { type FaultRates, Faults, NO_FAULTS } from './faults.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';
import { Workload, type WorkloadOptions } from './workload.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const ACTIONS: Action['kind'][] = ['get', 'get', 'set', 'set', 'add', 'append', 'incr', 'cas', 'delete'];
const LOAD: WorkloadOptions = {
  clients: 6,
  keys: KEYS,
  operations: 150,
  thinkMs: 100,
  pipeline: 2,
  actions: ACTIONS,
};

/** What every node answers for every key, asked at the nodes themselves. */
function answers(cluster: SimCluster): (string | null)[][] {
  const found = cluster.nodes.map(() => KEYS.map((): string | null => 'no answer'));
  cluster.nodes.forEach((node, n) => {
    const connection = node.connect();
    KEYS.forEach((key, k) => {
      connection.submit({ kind: 'get', keys: [key], withCas: false }, (reply) => {
        if (reply.kind === 'hits') found[n]![k] = reply.hits[0]?.value.toString() ?? null;
        else found[n]![k] = JSON.stringify(reply);
      });
    });
  });
  cluster.run(1_500);
  return found;
}

function expectConverged(cluster: SimCluster): (string | null)[] {
  // Reading finds lost values out, and agreeing on a loss is a write of its own.
  answers(cluster);
  cluster.run(3_000);
  const [first, ...others] = answers(cluster);
  for (const other of others) expect(other).toEqual(first);
  const versions = cluster.nodes.map((node) => KEYS.map((key) => node.journal.newest(key)?.version));
  for (const other of versions) expect(other).toEqual(versions[0]);
  return first!;
}

/** Values may be joined from several writes, but never from what nobody wrote. */
function expectNothingInvented(history: History, values: readonly (string | null)[]): void {
  const written = new Set(
    history.flatMap(({ action }) => ('value' in action ? action.value.replace(',', '') : [])),
  );
  for (const value of values) {
    if (value === null) continue;
    const [base, ...appended] = value.split(',');
    for (const part of appended) expect(written).toContain(part);
    const increments = Number(base) % 1_000;
    expect(written).toContain(String(Number(base) - increments));
  }
}

function converges(seed: number, rates: FaultRates, load = LOAD): SimCluster {
  const cluster = new SimCluster({ seed, level: 'eventual' });
  cluster.start();
  const workload = new Workload(cluster, load);
  const faults = new Faults(cluster, rates);
  workload.start();
  cluster.run(4_000);
  faults.stop();
  cluster.run(2_000);
  workload.finish();
  cluster.runUntilReady();
  cluster.run(5_000);
  expectNothingInvented(workload.history(), expectConverged(cluster));
  expectLastWriteWins(cluster, seed);
  return cluster;
}

/** Once all is quiet, a write that follows what everyone knows is what everyone keeps. */
function expectLastWriteWins(cluster: SimCluster, seed: number): void {
  KEYS.forEach((key, k) => {
    const node = cluster.nodes[(seed + k) % cluster.nodes.length]!;
    const request = storeRequest('set', key, 0, 0, Buffer.from(`last-${key}`));
    node.connect().submit(request, (reply) => expect(reply).toMatchObject({ outcome: 'stored' }));
  });
  cluster.run(3_000);
  expect(expectConverged(cluster)).toEqual(KEYS.map((key) => `last-${key}`));
}

describe('the eventual level in simulated clusters', () => {
  it('converges without faults, and nothing fails', () => {
    forEachSeed((seed) => converges(seed, NO_FAULTS));
  });

  it('converges after links broke and peers were cut off', () => {
    forEachSeed((seed) => converges(seed, { ...NO_FAULTS, linkBreaks: 4, cuts: 2 }));
  });

  it('converges after controllers were killed and restarted with nothing remembered', () => {
    forEachSeed((seed) => converges(seed, { ...NO_FAULTS, kills: 1 }));
  });

  it('converges after everything went wrong at once', () => {
    const rates = {
      linkBreaks: 2,
      cuts: 1,
      kills: 0.7,
      pauses: 1,
      storeOutages: 0.5,
      emptiedStores: 0.5,
      clockJumps: 0.5,
    };
    forEachSeed((seed) => converges(seed, rates));
  });

  it('converges with flushes among the writes', () => {
    forEachSeed((seed) =>
      converges(seed, { ...NO_FAULTS, cuts: 1 }, { ...LOAD, actions: [...ACTIONS, 'flush'] }),
    );
  });

  it('goes on alone, and brings the others up when they are back, deletes included', () => {
    forEachSeed((seed) => {
      const cluster = new SimCluster({ seed, level: 'eventual' });
      cluster.start();
      const before = new Workload(cluster, { ...LOAD, operations: 40, thinkMs: 10 });
      before.start();
      before.finish();
      cluster.network.cut(0, 1);
      cluster.network.cut(0, 2);
      cluster.run(1_000);
      const alone = new Workload(cluster, { ...LOAD, operations: 60, thinkMs: 10 });
      alone.start();
      alone.finish();
      expect(alone.failures).toBe(0);
      cluster.network.heal(0, 1);
      cluster.network.heal(0, 2);
      cluster.run(5_000);
      expectConverged(cluster);
    });
  });
});
