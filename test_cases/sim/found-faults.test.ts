import { expect, it } from 'vitest';
import type { Fault } from './faults.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import type { Operation } from './sim-clients.ts';

/** Mistakes that the simulator has found, as small as they can be, so that none comes back. */

const operation = (atMs: number, kind: Operation['kind'], value = 0): Operation => ({
  waitMs: atMs,
  key: 'a',
  kind,
  value,
});

const PLAIN: Omit<Scenario, 'level' | 'clients' | 'faults'> = {
  seed: 1,
  durability: 'none',
  nodes: 3,
  delays: { kind: 'uniform', minMs: 1, maxMs: 1 },
  absence: { nodes: [], by: 'pause' },
  horizonMs: Number.POSITIVE_INFINITY,
};

const fault = (kind: Fault['kind'], atMs: number, forMs: number, amount = 0): Fault => ({
  kind,
  atMs,
  forMs,
  node: 0,
  peer: 1,
  amount,
});

/** A write that its store has not answered is pushed after a newer delete has been forgotten by all. */
it('an older write does not come back over a delete that everybody has forgotten', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    level: 'eventual',
    clients: [
      { node: 2, pipeline: 1, operations: [operation(100, 'set', 2_000)] },
      { node: 0, pipeline: 1, operations: [operation(770, 'replace', 87_000)] },
      { node: 2, pipeline: 1, operations: [operation(940, 'delete')] },
    ],
    faults: [fault('store-hangs', 730, 490)],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** Nobody can claim to know all of a controller that died young, so nobody asks for what only one of them has. */
it('what a controller wrote before it died gets from the one who heard of it to all', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    level: 'eventual',
    clients: [{ node: 0, pipeline: 1, operations: [operation(410, 'set', 89_000)] }],
    faults: [fault('isolation', 35, 433, 1), fault('kill', 445, 64)],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** What is fetched for a read is what the key holds by then: what the connection wrote behind the read, too. */
it('a read of a lost value does not see what its connection wrote after it', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    seed: 2,
    level: 'sequential',
    clients: [
      { node: 2, pipeline: 1, operations: [operation(50, 'set', 1_000)] },
      { node: 0, pipeline: 2, operations: [operation(100, 'get'), operation(50, 'set', 2_000)] },
    ],
    faults: [fault('store-hangs', 20, 340), fault('store-evicts', 200, 300, 1)],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** Peers take over a version that is hours ahead, and then refuse each other, for hours. */
it('a clock that was hours ahead for a moment does not keep the controllers apart', async () => {
  const hour = 3_600_000;
  const scenario: Scenario = {
    ...PLAIN,
    level: 'linearizability',
    clients: [
      { node: 0, pipeline: 1, operations: [operation(310, 'set', 1_000), operation(10, 'set', 2_000)] },
    ],
    faults: [fault('clock-leap-ahead', 300, 60, hour), { ...fault('kill', 800, 10), node: 2 }],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** Its promise is on disk, and the view that it was given for comes only now: with its former life as a source. */
it('a controller that restarts does not accept a view that was meant for its former life', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    seed: 728,
    nodes: 5,
    level: 'linearizability',
    clients: [],
    faults: [
      { ...fault('pause', 1593, 694), node: 0 },
      { ...fault('slow-link', 1630, 126, 285.11), node: 1, peer: 3 },
      { ...fault('kill', 1760, 50), node: 1 },
      { ...fault('pause', 1813, 406), node: 2 },
      { ...fault('kill', 2102, 28), node: 4 },
    ],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** A transfer waits for a store that is away; when it goes on, its base is another run, which knows nothing (seed 800302). */
it('a state is not taken over from a controller that has lost it meanwhile', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    level: 'linearizability',
    clients: [
      { node: 1, pipeline: 1, operations: [operation(1_000, 'set', 14_000)] },
      { node: 2, pipeline: 1, operations: [operation(1_090, 'get'), operation(390, 'set', 34_000)] },
    ],
    faults: [
      { ...fault('isolation', 851, 662, 1), node: 1 },
      { ...fault('isolation', 878, 14, 2), node: 2 },
      fault('store-gone', 1_823, 41),
      fault('kill', 3_280, 17),
    ],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** A peer is told of a delete that the store refuses afterwards, and a later write claims that its origin knows it. */
it.each([
  ['the peer keeps the delete to itself', 1_100],
  ['the peer tells its origin of the delete', 800],
])('a delete that its store never answered does not part the controllers when %s', async (_, hangsAtMs) => {
  const later = [3_000, 4_000].map((value) => ({ ...operation(20, 'set', value), key: 'b' }));
  const operations = [operation(100, 'set', 2_000), operation(hangsAtMs - 80, 'delete'), ...later];
  const scenario: Scenario = {
    ...PLAIN,
    level: 'eventual',
    clients: [{ node: 0, pipeline: 1, operations }],
    faults: [fault('store-hangs', hangsAtMs, 560)],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});
