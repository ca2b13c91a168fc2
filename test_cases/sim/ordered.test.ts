import { describe, expect, it } from 'vitest';
import type { Action } from '../checkers/history.ts';
import { findNonLinearizableKey } from '../checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../checkers/sequential-consistency.ts';
import { type FaultRates, Faults, NO_FAULTS } from './faults.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';
import { Workload, type WorkloadOptions } from './workload.ts';

const ACTIONS: Action['kind'][] = [
  'get',
  'get',
  'get',
  'set',
  'set',
  'add',
  'replace',
  'append',
  'cas',
  'incr',
  'delete',
];
const LOAD: WorkloadOptions = {
  clients: 6,
  keys: ['a', 'b'],
  operations: 120,
  thinkMs: 4,
  pipeline: 1,
  actions: ACTIONS,
};

function linearizable(seed: number, load: WorkloadOptions, rates: FaultRates): Workload {
  const cluster = new SimCluster({ seed, level: 'linearizability' });
  cluster.start();
  const workload = new Workload(cluster, load);
  const faults = new Faults(cluster, rates);
  workload.start();
  cluster.run(3_000);
  faults.stop();
  cluster.run(2_000);
  workload.finish();
  cluster.runUntilReady();
  expect(findNonLinearizableKey(workload.history())).toBeNull();
  expectHealthy(cluster);
  return workload;
}

/** After the faults are healed everything must be answered again, by everyone. */
function expectHealthy(cluster: SimCluster): void {
  const probe = new Workload(cluster, { ...LOAD, keys: ['probe'], operations: 30 });
  probe.start();
  probe.finish();
  expect(probe.failures).toBe(0);
  expect(findNonLinearizableKey(probe.history())).toBeNull();
}

describe('linearizability in simulated clusters', () => {
  it('holds without faults, and nothing fails', () => {
    forEachSeed((seed) => {
      const workload = linearizable(seed, LOAD, NO_FAULTS);
      expect(workload.failures).toBe(0);
    });
  });

  it('holds with flushes among the operations', () => {
    forEachSeed((seed) =>
      linearizable(seed, { ...LOAD, operations: 60, actions: [...ACTIONS, 'flush'] }, NO_FAULTS),
    );
  });

  it('holds when clients pipeline', () => {
    forEachSeed((seed) => linearizable(seed, { ...LOAD, pipeline: 3, operations: 80 }, NO_FAULTS));
  });

  it('holds while links break', () => {
    forEachSeed((seed) =>
      linearizable(seed, { ...LOAD, thinkMs: 80 }, { ...NO_FAULTS, linkBreaks: 8, cuts: 1 }),
    );
  });

  it('holds while controllers are killed and restarted with nothing remembered', () => {
    forEachSeed((seed) => linearizable(seed, { ...LOAD, thinkMs: 120 }, { ...NO_FAULTS, kills: 1.5 }));
  });

  it('holds while everything goes wrong at once', () => {
    const rates = {
      linkBreaks: 2,
      cuts: 0.5,
      kills: 1,
      pauses: 1,
      storeOutages: 0.5,
      emptiedStores: 0.5,
      clockJumps: 0.5,
    };
    forEachSeed((seed) => linearizable(seed, { ...LOAD, thinkMs: 120 }, rates));
  });
});

describe('sequential consistency in simulated clusters', () => {
  const small: WorkloadOptions = { ...LOAD, clients: 3, operations: 24, thinkMs: 2 };

  it.each([1, 3])('holds for whole histories, %i requests under way per client', (pipeline) => {
    forEachSeed((seed) => {
      const cluster = new SimCluster({ seed, level: 'sequential' });
      cluster.start();
      cluster.network.delays = { kind: 'uniform', minMs: 0.1, maxMs: 8 };
      const workload = new Workload(cluster, { ...small, pipeline });
      workload.start();
      workload.finish();
      expect(workload.failures).toBe(0);
      expect(isSequentiallyConsistent(workload.history())).toBe(true);
    });
  });
});
