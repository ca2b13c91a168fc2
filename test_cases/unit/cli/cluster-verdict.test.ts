import { describe, expect, it } from 'vitest';
import type { ControllerAnswer } from '../../../src/cli/status/ask-cluster.ts';
import { renderCluster } from '../../../src/cli/status/cluster-table.ts';
import { judge } from '../../../src/cli/status/verdict.ts';
import type { PeerStatus, Service, Status } from '../../../src/controller/status/status.ts';

const YES: Service = { ready: true, reason: '' };
const no = (reason: string): Service => ({ ready: false, reason });

function peer(id: number, more: Partial<PeerStatus> = {}): PeerStatus {
  return {
    id,
    address: `h:${id + 1}`,
    up: true,
    self: false,
    lastHeardMs: 5,
    clockAheadMs: null,
    syncing: false,
    sync: null,
    lastSyncMs: null,
    behind: { writes: 0, ms: 40 },
    inStep: true,
    role: 'member',
    storeTrouble: '',
    ...more,
  };
}

/**
 * The status of one of three healthy controllers.
 * @param others what differs in its report on peers, by their id
 */
function status(
  self: number,
  more: Partial<Status> = {},
  others: Record<number, Partial<PeerStatus>> = {},
): Status {
  const reads = more.reads ?? YES;
  const writes = more.writes ?? YES;
  return {
    cluster: 'memchorus',
    controller: self,
    address: `h:${self + 1}`,
    version: '0.1.0',
    level: 'sequential',
    keyspaces: [],
    shards: [],
    levels: { epoch: 0, keyspaces: [], removed: [], unaware: [], changing: false, move: null },
    ready: reads.ready && writes.ready,
    reason: reads.reason || writes.reason,
    reads,
    writes,
    uptimeSeconds: 90,
    time: { nowMs: null, reason: '' },
    otherViews: [],
    view: {
      ballot: '3.1',
      members: [0, 1, 2],
      reason: '',
      scheme: 'broadcast' as const,
      ageMs: 1_000,
      leaseLeftMs: 200,
      suspected: [],
      shard: '',
    },
    requests: { pending: 0, completed: 7 },
    keys: 4,
    store: { type: 'memcache', address: 'h:9', up: true, reason: '', instance: '', instances: 0, emptied: 0 },
    refill: {
      running: false,
      reason: '',
      done: 0,
      total: 0,
      fromJournal: 0,
      fromPeers: 0,
      tookMs: 0,
      full: false,
    },
    values: { missing: 0, unanswered: 0, fromJournal: 0, fromPeers: 0, lost: 0 },
    journal: {
      durability: 'async',
      reason: '',
      entries: 4,
      backlogBytes: 0,
      diskBytes: 2048,
      lastFlushMs: 1,
      recoveredEntries: 0,
      recoveredMs: 1,
    },
    ...more,
    peers: [0, 1, 2].map((id) => peer(id, { self: id === self, ...others[id] })),
  };
}

const answered = (id: number, of: Status): ControllerAnswer => ({
  id,
  address: `h:${id + 1}`,
  status: of,
  reason: '',
});
const silent = (id: number, reason = 'nothing listens there'): ControllerAnswer => ({
  id,
  address: `h:${id + 1}`,
  status: null,
  reason,
});

const DOWN = { up: false, role: 'down' };
const VIEW_OF_TWO = {
  ballot: '4.0',
  members: [0, 1],
  reason: '',
  scheme: 'broadcast' as const,
  ageMs: 1_000,
  leaseLeftMs: 200,
  suspected: [2],
  shard: '',
};

describe('the verdict on a cluster', () => {
  stateTests();
  noteTests();
});

function stateTests(): void {
  it('is healthy when all controllers take part', () => {
    expect(judge([0, 1, 2].map((id) => answered(id, status(id))))).toEqual({
      state: 'healthy',
      summary: 'healthy: 3 of 3 take part, 1 failure is tolerated',
      notes: [],
    });
  });

  it('does not count a controller that does not vote, up or down', () => {
    const outside = { 2: { role: 'does not vote' } };
    const voters = [0, 1].map((id) => answered(id, status(id, { view: VIEW_OF_TWO }, outside)));
    const itself = answered(2, status(2, { reads: no('no'), writes: no('no') }, outside));
    for (const last of [itself, silent(2)])
      expect(judge([...voters, last])).toEqual({
        state: 'healthy',
        summary: 'healthy: 2 of 2 take part, no failure is tolerated, 1 does not vote',
        notes: [],
      });
  });

  it('is degraded when one controller is down', () => {
    const others = { 2: DOWN };
    const answers = [
      answered(0, status(0, { view: VIEW_OF_TWO }, others)),
      answered(1, status(1, { view: VIEW_OF_TWO }, others)),
      silent(2),
    ];
    expect(judge(answers)).toEqual({
      state: 'degraded',
      summary: 'degraded: 2 of 3 take part, no further failure is tolerated',
      notes: ['h:3: nothing listens there'],
    });
  });

  it('is degraded, and not unavailable, when one controller is left at eventual', () => {
    const view = {
      ballot: '',
      members: [],
      reason: '',
      scheme: 'broadcast' as const,
      ageMs: null,
      leaseLeftMs: null,
      suspected: [],
      shard: '',
    };
    const others = { 1: DOWN, 2: DOWN };
    const answers = [answered(0, status(0, { level: 'eventual', view }, others)), silent(1), silent(2)];
    expect(judge(answers)).toMatchObject({
      state: 'degraded',
      summary: 'degraded: 1 of 3 takes part, no further failure is tolerated',
    });
  });

  it('counts a controller that does not answer while its peers hear it', () => {
    const answers = [answered(0, status(0)), answered(1, status(1)), silent(2, 'no answer within 2 s')];
    expect(judge(answers)).toMatchObject({
      state: 'degraded',
      summary: 'degraded: 3 of 3 take part, 1 failure is tolerated',
      notes: ['h:3: no answer within 2 s, but h:1, h:2 hear it'],
    });
  });

  it('does not count a controller that was cut off, even when it reports an older view', () => {
    const alone = status(2, { reads: no('no lease'), writes: no('no lease') }, { 2: { role: 'cut off' } });
    const answers = [
      answered(0, status(0, { view: VIEW_OF_TWO }, { 2: DOWN })),
      answered(1, status(1, { view: VIEW_OF_TWO }, { 2: DOWN })),
      answered(2, alone),
    ];
    expect(judge(answers)).toEqual({
      state: 'degraded',
      summary: 'degraded: 2 of 3 take part, no further failure is tolerated',
      notes: ['h:1: does not hear h:3', 'h:2: does not hear h:3', 'h:3: not ready: no lease'],
    });
  });

  it('is unavailable when there are reads only, no service, or no answer', () => {
    const cut = { 0: { role: 'cut off' }, 1: DOWN, 2: DOWN };
    const reading = answered(0, status(0, { writes: no('no majority') }, cut));
    expect(judge([reading, silent(1), silent(2)])).toMatchObject({
      state: 'unavailable',
      summary: 'unavailable: reads only, at h:1; no controller takes writes',
    });
    const none = answered(0, status(0, { reads: no('no majority'), writes: no('no majority') }, cut));
    expect(judge([none, silent(1), silent(2)]).summary).toBe(
      'unavailable: no controller serves reads or writes',
    );
    expect(judge([silent(0), silent(1)]).summary).toBe('unavailable: no controller answers');
  });
}

function noteTests(): void {
  it('names a store that is down, and a controller of another cluster', () => {
    const store = { ...status(1).store, up: false, reason: 'connection refused' };
    const writes = no('the store is down: connection refused');
    const answers = [
      answered(0, status(0)),
      answered(1, status(1, { store, writes })),
      answered(2, status(2, { cluster: 'other' })),
    ];
    expect(judge(answers).notes).toEqual([
      'h:2: ready for reads, not for writes: the store is down: connection refused',
      'h:3: its cluster is other, not memchorus',
    ]);
  });

  it('names a wrong clock once, also when the other clocks differ a little', () => {
    const others = { 0: { clockAheadMs: 4 }, 1: { clockAheadMs: -999 }, 2: { clockAheadMs: 10_800_000 } };
    expect(judge([0, 1, 2].map((id) => answered(id, status(id, {}, others))))).toEqual({
      state: 'degraded',
      summary: 'degraded: 3 of 3 take part, 1 failure is tolerated',
      notes: ['h:3: its clock is 3 h ahead'],
    });
  });

  it('names a clock that only the peers of its controller know to be wrong', () => {
    const behind = { 2: { clockAheadMs: -5000 } };
    const answers = [
      answered(0, status(0, {}, behind)),
      answered(1, status(1, {}, behind)),
      answered(2, status(2)),
    ];
    expect(judge(answers).notes).toEqual(['h:3: its clock is 5.0 s behind']);
  });
}

it('the screen is one table, with the verdict in its last line', () => {
  const others = { 2: DOWN };
  const answers = [
    answered(0, status(0, { view: VIEW_OF_TWO }, others)),
    answered(1, status(1, { view: VIEW_OF_TWO, writes: no('the disk is full') }, others)),
    silent(2),
  ];
  expect(renderCluster(answers, judge(answers))).toBe(
    `
cluster   memchorus, sequential, version 0.1.0

ID  ADDRESS  UP FOR  ROLE    READS  WRITES  VIEW  HEARS  STORE  JOURNAL  KEYS  PENDING
0   h:1      90 s    member  ready  ready   4.0   1      up     2.0 kB   4     0
1   h:2      90 s    member  ready  no      4.0   0      up     2.0 kB   4     0
2   h:3      -       -       -      -       -     -      -      -        -     -

h:2: ready for reads, not for writes: the disk is full
h:3: nothing listens there
degraded: 2 of 3 take part, no further failure is tolerated
`.trim(),
  );
});
