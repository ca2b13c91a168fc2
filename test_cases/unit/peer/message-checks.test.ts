import { describe, expect, it } from 'vitest';
import { NO_BALLOT } from '../../../src/membership/ballot.ts';
import type { Accept, Heartbeat, Placed, Promised } from '../../../src/membership/messages.ts';
import type { Effect, SetEffect } from '../../../src/ordering/effect.ts';
import { msOfVersionTime, TICKS_PER_MS } from '../../../src/ordering/version.ts';
import { MessageChecks } from '../../../src/peer/message-checks.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import type { OrderedFrame } from '../../../src/replication/broadcast/messages.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { clockAt } from '../../support/ports.ts';

const NOW = 1_000_000_000 * TICKS_PER_MS;
const SECOND = 1000 * TICKS_PER_MS;
const FROM = 1;

const admission = new MessageChecks({
  node: 0,
  aheadMs: (time) => (time - NOW) / TICKS_PER_MS,
  maxClockSkewMs: 10_000,
  clock: clockAt(() => 5_000),
});

const flaw = (message: PeerMessage) => admission.flawOf(FROM, message);

const AT_NOW = { time: NOW, node: FROM };
const set = (change: Partial<SetEffect> = {}): SetEffect =>
  setOf('k', AT_NOW, { value: Buffer.from('v'), ...change });

const ACCEPTOR = {
  promised: NO_BALLOT,
  accepted: NO_BALLOT,
  members: [{ node: 0, incarnation: 1 }],
  retention: 'intact',
  incarnation: 1,
} as const;

const HEARTBEAT = {
  type: 'heartbeat',
  time: NOW,
  askedMs: 1,
  installed: NO_BALLOT,
  acceptor: ACCEPTOR,
  transferring: false,
  hears: [0, 2],
  caughtUp: true,
  journalTrouble: '',
  storeTrouble: '',
  isStalling: false,
  known: [NOW, NOW, NOW],
  onProbation: [],
  heard: [],
} as unknown as Heartbeat;

const ORDERED: OrderedFrame = {
  type: 'ordered',
  ballot: { counter: 3, node: 2 },
  firstSeq: 1,
  effects: [set(), set({ version: { time: NOW + 1, node: FROM } })],
  streamEnd: 2,
  received: [0, 2, 0],
};

const ACCEPT: Accept = {
  type: 'accept',
  ballot: { counter: 8, node: FROM },
  members: [
    { node: 0, incarnation: 1 },
    { node: 1, incarnation: 1 },
  ],
  sources: [1, 2],
  donor: 1,
  donorApplied: { time: NOW, node: 2 },
  union: [set({ version: { time: NOW - 5, node: 2 } }), set()],
  reason: '127.0.0.1:8002 is down',
  placement: null,
  configuration: null,
};

const PROMISED: Promised = {
  type: 'promised',
  ballot: { counter: 8, node: 0 },
  acceptor: ACCEPTOR,
  applied: { time: NOW, node: 2 },
  leasesMs: [300, 0, 12],
  hears: [0],
  caughtUp: true,
  journalFails: false,
  queue: [set()],
  partial: false,
  placement: null,
  configuration: null,
};

const push = (...effects: Effect[]): PeerMessage => ({ type: 'push', previousTime: NOW, effects });

/** A list by id that is longer than there can be ids. */
const A_PLACE_TOO_MANY = new Array<number>(1_025).fill(0);

const PLACED: Placed = {
  type: 'placed',
  placement: { epoch: 1, keyspaces: [{ name: 'default', prefix: '', level: 'sequential' }], move: null },
  message: ACCEPT,
};

describe('a message of a peer', () => {
  it('has a placement that can be one, and a message that may be used', () => {
    expect(flaw(PLACED)).toBeNull();
    expect(flaw({ ...PLACED, message: PROMISED })).toBeNull();
    expect(flaw({ ...PLACED, placement: { epoch: 0, keyspaces: [], move: null } })).toBe(
      'a placement has the epoch 0',
    );
    expect(flaw({ ...PLACED, message: { ...ACCEPT, donor: 2 } })).toContain('the donor of a view');
  });

  it.each<[string, PeerMessage]>([
    ['a heartbeat', HEARTBEAT],
    ['a frame of requests', ORDERED],
    [
      'a heartbeat that names controllers which were added a moment ago',
      { ...HEARTBEAT, hears: [0, 2, 255], onProbation: [9], known: [NOW, NOW, NOW, NOW, 0, NOW] },
    ],
    ['the choice of a view', ACCEPT],
    ['a promise', PROMISED],
    ['a lease', { type: 'granted', ballot: NO_BALLOT, askedMs: 5_000, forMs: 300 }],
    ['a delete', push(deleteOf('k', AT_NOW))],
    ['a flush', push({ kind: 'flush', version: AT_NOW })],
    ['a flush for later', push({ kind: 'flush-later', version: AT_NOW, atMs: 2 ** 45 })],
    ['a time within the skew', push(set({ version: { time: NOW + 10 * SECOND, node: FROM } }))],
    ['a proposal', { type: 'prepare', ballot: { counter: 9, node: FROM } }],
  ])('is taken when it is %s', (_, message) => {
    expect(flaw(message)).toBeNull();
  });

  it.each<[string, PeerMessage, RegExp]>([
    [
      'regression: a heartbeat with a time near the end of time stopped the cluster for ever',
      { ...HEARTBEAT, time: Number.MAX_SAFE_INTEGER - 1 },
      /^its versions are \d+\.\d s ahead \(max_clock_skew 10 s\)$/,
    ],
    [
      'regression: a flush that was dated years ahead emptied all controllers',
      push({ kind: 'flush', version: { time: NOW + 1e8 * SECOND, node: FROM } }),
      /^its versions are /,
    ],
    [
      'a flush that is due years ahead',
      push({ kind: 'flush-due', version: AT_NOW, atMs: msOfVersionTime(NOW + 1e8 * SECOND) }),
      /^its versions are /,
    ],
    [
      'a write from just beyond the skew',
      push(set({ version: { time: NOW + 11 * SECOND, node: FROM } })),
      /11\.0/,
    ],
    ['a vector from the future', { ...HEARTBEAT, known: [NOW, 2 ** 52] }, /^its versions are /],
    [
      'an exchange that ends in the future',
      { type: 'sync-complete', exchange: 1, known: [2 ** 52] },
      /^its versions/,
    ],
    [
      'forgotten deletions of the future',
      { type: 'sync-request', exchange: 1, known: [], forgotten: [2 ** 52], empty: false },
      /^its versions/,
    ],
    [
      'a condition on a version of the future',
      push(set({ condition: { time: 2 ** 52, node: 0 } })),
      /^its versions/,
    ],
    ['a push after the future', { type: 'push', previousTime: 2 ** 52, effects: [] }, /^its versions/],
    [
      'a doubt of a controller that does not exist',
      { ...HEARTBEAT, onProbation: [1_024] },
      /^there is no controller 1024$/,
    ],
    ['more answers than controllers', { ...HEARTBEAT, heard: A_PLACE_TOO_MANY }, /^1025 items/],
    ['a longer vector than there are controllers', { ...HEARTBEAT, known: A_PLACE_TOO_MANY }, /^1025 items/],
    ['a controller that does not exist', { ...HEARTBEAT, hears: [1_024] }, /^there is no controller 1024$/],
    [
      'a write of a controller that does not exist',
      push(set({ version: { time: 1, node: 1_024 } })),
      /controller 1024$/,
    ],
    [
      'a write of another controller as its own',
      push(set({ version: { time: 1, node: 2 } })),
      /^controller 1 tells of a write/,
    ],
    [
      'writes out of order',
      push(set(), set({ version: { time: NOW - 1, node: FROM } })),
      /^writes are out of order$/,
    ],
    ['one write twice', push(set(), set()), /^writes are out of order$/],
    ['a key that is too long', push(set({ key: 'k'.repeat(251) })), /^a key has 251 bytes$/],
    ['a set without a key', push(set({ key: '' })), /^a set of the key ""$/],
    ['a delete without a key', push(deleteOf('', AT_NOW)), /^a delete of the key ""$/],
    [
      'a flush for later than any expiry',
      push({ kind: 'flush-later', version: AT_NOW, atMs: 2 ** 48 }),
      /^a flush is due in/,
    ],
    ['marks that do not exist', push(set({ marks: 8 })), /^a write has the marks 8$/],
    ['an expiry that no store can hold', push(set({ expiresAtMs: 2 ** 48 })), /^a write expires in/],
    [
      'a write without a version',
      push(set({ version: { time: 0, node: FROM } })),
      /^a write has no version$/,
    ],
    ['a stream that begins before its first', { ...ORDERED, firstSeq: 0 }, /^a stream of requests begins/],
    [
      'a ballot that leaves no room',
      { type: 'prepare', ballot: { counter: 2 ** 52, node: FROM } },
      /^a ballot/,
    ],
    [
      'a proposal of another controller',
      { type: 'prepare', ballot: { counter: 9, node: 2 } },
      /^a view of controller 2/,
    ],
    [
      'a promise to another controller',
      { ...PROMISED, ballot: { counter: 8, node: 2 } },
      /^a view of controller 2, in the place of 0$/,
    ],
    ['a promise with a lease for days', { ...PROMISED, leasesMs: [1e9] }, /^a lease of 1000000000 ms/],
    [
      'a lease for days',
      { type: 'granted', ballot: NO_BALLOT, askedMs: 0, forMs: 1e9 },
      /^a lease of 1000000000 ms is too long$/,
    ],
    [
      'a lease that was not asked for yet',
      { type: 'granted', ballot: NO_BALLOT, askedMs: 5_001, forMs: 300 },
      /^a lease is granted that was not asked/,
    ],
    ['a view whose donor is no member', { ...ACCEPT, donor: 2 }, /^the donor of a view/],
    ['a view whose donor is no source', { ...ACCEPT, donor: 0 }, /^the donor of a view/],
    [
      'a view with requests out of order',
      { ...ACCEPT, union: ACCEPT.union.toReversed() },
      /^writes are out of order$/,
    ],
    ['a note for the terminal', { ...HEARTBEAT, journalTrouble: '\x1b[2J' }, /^what it says of its troubles/],
    ['a view with a reason for the terminal', { ...ACCEPT, reason: '\x1b[2J' }, /^the reason for a view/],
    ['a second hello', { type: 'welcome' }, /^a welcome belongs into a handshake$/],
  ])('is refused when it is %s', (_, message, words) => {
    expect(flaw(message)).toMatch(words);
  });
});
