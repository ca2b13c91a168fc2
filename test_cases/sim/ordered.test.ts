import { describe, expect, it } from 'vitest';
import { expectRight } from './expect-right.ts';
import type { Draw, Workload } from './scenario.ts';
import { forEachSeed } from './seeds.ts';

/** The ordered levels under one kind of fault at a time. The swarm has all kinds in combination. */

const ACTIONS = [
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
] as const;
const LOAD: Partial<Workload> = {
  clients: 6,
  keys: 2,
  operations: 120,
  thinkMs: 8,
  pipeline: 1,
  actions: ACTIONS,
};
const SLOW: Partial<Workload> = { ...LOAD, thinkMs: 200 };

const CASES: Readonly<Record<string, Draw>> = {
  'without faults': { faults: {}, workload: LOAD },
  'with flushes among the operations': {
    faults: {},
    workload: { ...LOAD, operations: 60, actions: [...ACTIONS, 'flush'] },
  },
  'when clients pipeline': { faults: {}, workload: { ...LOAD, pipeline: 3, operations: 80 } },
  'while links break': { faults: { 'link-break': 8, cut: 1, redial: 2 }, workload: SLOW },
  'while links go one way only': { faults: { 'one-way-cut': 1, isolation: 0.5 }, workload: SLOW },
  'while controllers are killed and restarted with nothing remembered': {
    faults: { kill: 1.5 },
    workload: SLOW,
  },
  'while controllers stand still': { faults: { pause: 2 }, workload: SLOW },
  'while a store fails': { faults: { 'store-gone': 1, 'store-hangs': 1, 'store-evicts': 1 }, workload: SLOW },
  'while clocks jump': { faults: { 'clock-step': 4 }, workload: SLOW },
};

describe.each(['linearizability', 'sequential'] as const)('%s in simulated clusters', (level) => {
  it.each(Object.entries(CASES))('holds %s', async (_, draw) => {
    await forEachSeed((seed) => expectRight(seed, { ...draw, level, nodes: 3 }));
  });

  it('holds for small histories, which are searched for any order', async () => {
    const workload = { ...LOAD, clients: 3, operations: 12, keys: 1 };
    const delays = { kind: 'uniform', minMs: 0.1, maxMs: 8 } as const;
    for (const pipeline of [1, 3]) {
      await forEachSeed(async (seed) => {
        const draw: Draw = { level, nodes: 3, faults: {}, delays, workload: { ...workload, pipeline } };
        expect((await expectRight(seed, draw)).searched).toBe(true);
      });
    }
  });
});
