import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/cli/client/reply-words.ts';
import type { Status } from '../../../src/controller/status/status.ts';
import { duration, renderStatus } from '../../../src/controller/status/status-table.ts';

const PEER = {
  up: true,
  self: false,
  syncing: false,
  sync: null,
  lastSyncMs: null,
  behind: { writes: 0, ms: 40 },
  clockAheadMs: 12,
  role: 'member',
  inStep: false,
  storeTrouble: '',
} as const;

const STATUS: Status = {
  cluster: 'memchorus',
  controller: 0,
  address: '127.0.0.1:8000',
  version: '0.1.0',
  level: 'sequential',
  keyspaces: [],
  shards: [],
  levels: { epoch: 0, keyspaces: [], removed: [], unaware: [], changing: false, move: null },
  ready: false,
  reason: 'no agreement without host.example:18002 (down)',
  reads: { ready: true, reason: '' },
  writes: { ready: false, reason: 'no agreement without host.example:18002 (down)' },
  uptimeSeconds: 90,
  otherViews: [],
  view: {
    ballot: '3.1',
    members: [0, 1],
    reason: 'host.example:18002 is down',
    ageMs: 1_000,
    leaseLeftMs: 243,
    scheme: 'broadcast',
    suspected: [2],
    shard: '',
  },
  time: { nowMs: Date.UTC(2026, 0, 2, 3, 4, 5), reason: '' },
  requests: { pending: 3, completed: 12 },
  keys: 1,
  store: {
    type: 'memcache',
    address: '127.0.0.1:11201',
    up: false,
    reason: 'connection refused',
    instance: '',
    instances: 0,
    emptied: 0,
  },
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
    entries: 1,
    backlogBytes: 0,
    diskBytes: 1_234_567,
    lastFlushMs: 40,
    recoveredEntries: 0,
    recoveredMs: 3,
    reason: '',
  },
  peers: [
    { ...PEER, id: 0, address: '127.0.0.1:8000', self: true, lastHeardMs: 0 },
    { ...PEER, id: 1, address: '127.0.0.1:8001', lastHeardMs: 43, syncing: true, lastSyncMs: 3100 },
    { ...PEER, id: 2, address: 'host.example:18002', up: false, lastHeardMs: null, role: 'down' },
  ],
};

it('the screen names wrong clocks, and says when there is no cluster time', () => {
  const linesOf = (status: Status) =>
    renderStatus(status)
      .split('\n')
      .filter((line) => line.startsWith('time'));
  expect(linesOf(STATUS)).toEqual([]);
  const peers = STATUS.peers.map((peer, id) => ({ ...peer, clockAheadMs: [3_600_000, -4_200, null][id]! }));
  expect(linesOf({ ...STATUS, peers })).toEqual([
    "time      2026-01-02T03:04:05.000Z; 127.0.0.1:8000's clock is 60 min ahead, 127.0.0.1:8001's clock is 4.2 s behind",
  ]);
  const time = { nowMs: null, reason: 'the controllers have not yet agreed on the time' };
  expect(linesOf({ ...STATUS, peers, time })).toEqual([
    'time      not agreed: the controllers have not yet agreed on the time',
  ]);
});

it('the screen names the peers that this controller is behind, and by how much', () => {
  const linesOf = (...lags: readonly Status['peers'][number]['behind'][]) =>
    renderStatus({ ...STATUS, peers: STATUS.peers.map((peer, id) => ({ ...peer, behind: lags[id]! })) })
      .split('\n')
      .filter((line) => line.startsWith('behind'));
  expect(linesOf(null, { writes: 0, ms: 2_999 }, { writes: 0, ms: null })).toEqual([]);
  expect(linesOf(null, { writes: 1204, ms: 3_200 }, { writes: 0, ms: 61_000 })).toEqual([
    'behind    127.0.0.1:8001 by 1204 writes, 3.2 s; host.example:18002 by 61 s',
  ]);
  expect(linesOf(null, { writes: 0, ms: null }, null)).toEqual([
    'behind    127.0.0.1:8001 by all of this run',
  ]);
});

it('the screen shows the cluster as a table', () => {
  expect(renderStatus(STATUS)).toBe(
    `
cluster   memchorus, sequential; controller 0 at 127.0.0.1:8000
state     ready for reads, not for writes: no agreement without host.example:18002 (down), up for 90 s, version 0.1.0
view      3.1 of 0, 1, lease for 243 ms more, silent: host.example:18002
          since host.example:18002 is down
requests  3 pending, 12 completed; 1 key
store     memcache 127.0.0.1:11201, down: connection refused
journal   async, 1 entry; 1.2 MB on disk, 0 B on the way there, flushed 40 ms ago; started with 0 after 3 ms

   ID  ADDRESS             STATUS  LAST HEARTBEAT  SYNCING  LAST SYNC  ROLE
*  0   127.0.0.1:8000      True    -               False    -          member
   1   127.0.0.1:8001      True    43 ms ago       True     3.1 s ago  member
   2   host.example:18002  False   never           False    never      down
`.trim(),
  );
});

it('the screen shows the refill of a store that has lost values', () => {
  const running = {
    ...STATUS.refill,
    running: true,
    reason: 'it was emptied',
    done: 400,
    total: 1000,
    fromJournal: 390,
    fromPeers: 1,
    tookMs: 1200,
  };
  const shown = renderStatus({
    ...STATUS,
    store: {
      ...STATUS.store,
      up: true,
      instance: 'pid 7 since 2026-01-31T09:00:00Z',
      instances: 1,
      emptied: 2,
    },
    refill: running,
    values: { missing: 3, unanswered: 0, fromJournal: 2, fromPeers: 1, lost: 0 },
    journal: { ...STATUS.journal, durability: 'none' },
    peers: [{ ...STATUS.peers[1]!, sync: { writes: 17, total: 40 } }],
  });
  const lines = shown.split('\n');
  expect(lines.slice(5, 9)).toEqual([
    'store     memcache 127.0.0.1:11201, up, pid 7 since 2026-01-31T09:00:00Z, replaced 1 time, emptied 2 times',
    'refill    400 of 1000 keys: 390 from the journal, 1 from peers; runs for 1.2 s; it was emptied',
    '          3 reads of values that the store had lost: 2 were in the journal, 1 on peers, 0 nowhere',
    'journal   none, 1 entry',
  ]);
  expect(lines.at(-1)).toContain('True 17/40');
  expect(renderStatus({ ...STATUS, refill: { ...running, running: false, full: true } })).toContain(
    'ended, since the store is full, after 1.2 s',
  );
});

it('the screen distinguishes reads of lost values from reads that the store did not answer', () => {
  const slow = { missing: 5, unanswered: 5, fromJournal: 5, fromPeers: 0, lost: 0 };
  expect(renderStatus({ ...STATUS, values: slow })).toContain(
    '          5 reads that it did not answer: 5 were in the journal, 0 on peers, 0 nowhere',
  );
  expect(renderStatus({ ...STATUS, values: { ...slow, unanswered: 4 } })).toContain(
    '1 read of values that the store had lost, 4 reads that it did not answer: 5 were',
  );
});

it('the screen says whether reads and writes are ready, each with its reason', () => {
  const yes = { ready: true, reason: '' };
  const no = (reason: string) => ({ ready: false, reason });
  const line = (reads: Status['reads'], writes: Status['reads']) =>
    renderStatus({ ...STATUS, reads, writes })
      .split('\n')[1]!
      .split(', up for')[0];
  expect(line(yes, yes)).toBe('state     ready');
  expect(line(yes, no('a'))).toBe('state     ready for reads, not for writes: a');
  expect(line(no('a'), no('a'))).toBe('state     not ready: a');
  expect(line(no('a'), no('b'))).toBe('state     not ready for reads: a; nor for writes: b');
});

it('the screen says that a view may be over, and what is wrong with the stores of peers', () => {
  const shown = renderStatus({
    ...STATUS,
    view: { ...STATUS.view, leaseLeftMs: 0 },
    peers: [{ ...STATUS.peers[1]!, inStep: true, storeTrouble: 'connection refused' }],
  });
  expect(shown).toContain('view      3.1 of 0, 1, may be over: the lease has run out, silent');
  expect(shown).toMatch(/in step +member, store down: connection refused$/);
});

it('the screen says that the journal takes no writes, and why', () => {
  const shown = renderStatus({ ...STATUS, journal: { ...STATUS.journal, reason: 'ENOSPC: no space left' } });
  expect(shown).toContain('journal   async, takes no writes: ENOSPC: no space left, 1 entry; 1.2 MB on disk');
});

it('the screen has a table of the keyspaces where there are several', () => {
  const served = { ready: true, reason: '', requests: 3 };
  const counted = { keys: 2, reads: served, errors: 0, behind: { writes: 0, ms: 40 } };
  const shown = renderStatus({
    ...STATUS,
    keyspaces: [
      {
        name: 'default',
        prefix: '',
        level: 'sequential',
        scheme: 'broadcast',
        ...counted,
        writes: { ...STATUS.writes, requests: 1 },
      },
      {
        name: 'sessions',
        prefix: 's:',
        level: 'causal',
        scheme: null,
        ...counted,
        writes: served,
        behind: { writes: 0, ms: 4_000 },
      },
    ],
  });
  expect(shown).toContain(`
KEYSPACE  PREFIX  LEVEL       KEYS  READS  WRITES  ERRORS  BEHIND  STATE
default   -       sequential  2     3      1       0       -       ready for reads, not for writes: no agreement`);
  expect(shown).toContain(`
sessions  s:      causal      2     3      3       0       4.0 s   ready
`);
  expect(renderStatus(STATUS)).not.toContain('KEYSPACE');
});

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1234, '1.2 s'],
    [45_000, '45 s'],
    [600_000, '10 min'],
    [36_000_000, '10 h'],
    [864_000_000, '10 d'],
  ])('%i is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

it('printable escapes control characters, so that no value controls the terminal', () => {
  expect(printable(Buffer.from('a\x1b[2J\x07\r\tb\u009bé'))).toBe('a\\x1b[2J\\x07\\x0d\tb\\x9bé');
});
