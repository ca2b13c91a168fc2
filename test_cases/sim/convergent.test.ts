import { describe, it } from 'vitest';
import { expectRight } from './expect-right.ts';
import type { Draw, Workload } from './scenario.ts';
import { forEachSeed } from './seeds.ts';

/** The eventual level under one kind of fault at a time. The swarm has all kinds in combination. */

const ACTIONS = ['get', 'get', 'set', 'set', 'add', 'append', 'incr', 'cas', 'delete'] as const;
const LOAD: Partial<Workload> = {
  clients: 6,
  keys: 5,
  operations: 150,
  thinkMs: 100,
  pipeline: 2,
  actions: ACTIONS,
};

const CASES: Readonly<Record<string, Draw>> = {
  'without faults, and nothing fails': { faults: {} },
  'after links broke and peers were cut off': { faults: { 'link-break': 4, cut: 2, 'one-way-cut': 1 } },
  'after controllers were killed and restarted with nothing remembered': { faults: { kill: 1 } },
  'after a store failed': { faults: { 'store-gone': 1, 'store-hangs': 1, 'store-evicts': 1 } },
  'with flushes among the writes': {
    faults: { cut: 1 },
    workload: { ...LOAD, actions: [...ACTIONS, 'flush'] },
  },
};

describe('the eventual level in simulated clusters', () => {
  it.each(Object.entries(CASES))('converges %s', async (_, draw) => {
    await forEachSeed((seed) => expectRight(seed, { workload: LOAD, ...draw, level: 'eventual', nodes: 3 }));
  });
});
