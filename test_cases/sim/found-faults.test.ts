import { expect, it } from 'vitest';
import type { Fault } from './faults.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import type { Operation } from './sim-clients.ts';

/** Regression tests for mistakes that the simulator has found, each as small as it can be. */

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

/** A write whose store had not answered was pushed after all had forgotten a newer delete. */
it('an older write does not come back over a delete that all controllers have forgotten', async () => {
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

/** No controller can claim to know everything of one that died soon, so none asked for what only one of them has. */
it('a write of a controller that died gets from the one peer that received it to all', async () => {
  const scenario: Scenario = {
    ...PLAIN,
    level: 'eventual',
    clients: [{ node: 0, pipeline: 1, operations: [operation(410, 'set', 89_000)] }],
    faults: [fault('isolation', 35, 433, 1), fault('kill', 445, 64)],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** The fetched value was the newest one, also that of a write behind the read on the same connection. */
it('a read of a lost value does not see a later write of its connection', async () => {
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

/** Peers took over a version that was hours ahead, and then refused each other for hours. */
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

/** The promise was on disk, and the view that it was given for came only then, with the earlier run as a source. */
it('a controller that restarts does not accept a view that was meant for its earlier run', async () => {
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

/**
 * A transfer waited for a store that was away. When it went on, its donor was another run, which knew nothing (seed
 * 800302).
 */
it('a state is not taken over from a donor that has lost it meanwhile', async () => {
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

/** A peer was told of a delete that the store refused afterwards, and a later write claimed that its origin knew it. */
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

/** The last exchange had been answered long before: the answer was on a slow link for longer than half the horizon. */
it('a peer may have forgotten deletions soon after an old answer of it has come (seed 801994)', async () => {
  expect((await runScenario(drawScenario(801_994))).violations).toEqual([]);
});

/**
 * The store had refused the write, and the journal had taken it back, but not yet on disk. A later write was pushed, so
 * the peers counted everything before it as known, and did not ask for the write that the crash brought back.
 */
it.each([
  ['eventual', { durability: 'async', faults: [] }],
  ['causal', { durability: 'sync', faults: [fault('disk-slow', 380, 200, 50)] }],
] as const)('a refused write that a crash brings back gets to all at %s', async (level, drawn) => {
  const on = (key: string, one: Operation): Operation => ({ ...one, key });
  const scenario: Scenario = {
    ...PLAIN,
    ...drawn,
    level,
    clients: [
      {
        node: 0,
        pipeline: 1,
        operations: [on('c', operation(20, 'set', 3_000)), operation(280, 'set', 1_000)],
      },
      { node: 0, pipeline: 1, operations: [on('b', operation(422, 'set', 2_000))] },
    ],
    faults: [
      { ...fault('link-break', 120, 0), peer: 1 },
      { ...fault('link-break', 120, 0), peer: 2 },
      fault('store-hangs', 290, 110),
      ...drawn.faults,
      fault('store-gone', 390, 30),
      fault('kill', 424, 100),
    ],
  };
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** A member of a shard stood still and kept its links, so the answers that it owed kept other members from being asked. */
it('a member of a shard that stands still does not keep others from being asked (seed 2011)', async () => {
  const scenario = drawScenario(2_011, { level: 'eventual', sharded: true });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** The restarted peer was refused, again and again, for what had been said to its earlier run. */
it('a peer that was restarted may have it from a third that deletions are forgotten', async () => {
  const scenario = drawScenario(16_001_363, { level: 'eventual', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** The last request of the state that was copied had changed nothing, so no record of it was copied. */
it('versions are larger than those of a state that was copied', async () => {
  const scenario = drawScenario(31_000_056, { level: 'linearizability', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/**
 * One controller alone had accepted that another group has the keys, and left their records out of an exchange whose
 * end said that the peer knows them. That placement was never installed.
 */
it('records are left out of an exchange only once another group has their keys for certain', async () => {
  const scenario = drawScenario(31_001_251, { level: 'eventual', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** The store stood still, and when it answered, the group where the read had begun had forgotten the keys that moved. */
it('a read that waits while its keyspace is moved finds the value in the other group', async () => {
  const scenario = drawScenario(31_004_186, { level: 'causal', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/**
 * A controller that was behind the barrier of a move proved by the group before that its state was new. The others had
 * formed a view without it, in which the group after served.
 */
it('behind a barrier nothing is proven by a controller that may have been left out', async () => {
  const scenario = drawScenario(33_011_131, { level: 'eventual', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** A slow disk opened the journal of a group only when the move was not known any more, and kept it locked. */
it('a journal that was opened in vain for a move can be opened for the next one', async () => {
  const scenario = drawScenario(33_004_332, { level: 'linearizability', switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/**
 * A controller that was left out of the view with the last phase had a write of the group after. It left the write out
 * of an exchange whose end said that the peer knows it.
 */
it('a controller behind a barrier tells what others have written in the group after (seed 525000058)', async () => {
  const scenario = drawScenario(525_000_058, { mixed: true, switches: 'all' });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** It did not know yet that it votes no more, and answered a read at `sequential` after all were said to know of the change. */
it('a controller that stops voting counts among those that may go by the level before (seed 2010000718)', async () => {
  const scenario = drawScenario(2_010_000_718, { members: true });
  expect((await runScenario(scenario)).violations).toEqual([]);
});
