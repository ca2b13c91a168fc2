import type { Effect } from '../../src/ordering/effect.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Configuration } from '../../src/placement/configuration.ts';
import { GOLDEN_CHAIN_MESSAGES } from './golden-chain.ts';
import { EFFECTS } from './golden-effects.ts';
import { FOREIGN, HOP_MESSAGES } from './golden-hop-messages.ts';
import { MOVE_MESSAGES } from './golden-move-messages.ts';

/**
 * The messages of the peer protocol whose bytes are recorded in `test_cases/golden`: typical ones, and extremes of each
 * field.
 */

const LARGEST = Number.MAX_SAFE_INTEGER;
const NOW = 362_387_865_600_001;

const version = (time: number, node = 0) => ({ time, node });
const ballot = (counter: number, node: number) => ({ counter, node });

/** Those that every release has written. */
const ALL_EFFECTS: readonly Effect[] = Object.values(EFFECTS).filter(({ kind }) => kind !== 'join');

const ACCEPTOR = {
  promised: ballot(7, 1),
  accepted: ballot(6, 0),
  members: [
    { node: 0, incarnation: 1_790_000_000_000 },
    { node: 2, incarnation: 1 },
  ],
  retention: 'intact',
  incarnation: 1_790_000_000_001,
} as const;

const HEARTBEAT = {
  type: 'heartbeat',
  time: NOW,
  wallMs: 1_792_000_000_000,
  clusterMs: 1_792_000_000_003,
  askedMs: 123_456,
  installed: ballot(6, 0),
  acceptor: ACCEPTOR,
  transferring: false,
  hears: [1, 2],
  caughtUp: true,
  journalTrouble: '',
  isStalling: false,
  storeTrouble: '',
  known: [NOW, NOW - 1, 0],
  departure: 'staying',
  onProbation: [],
  heard: [0, 123_400, 99],
  lagMs: 3,
} as const;

const HELLO = {
  type: 'hello',
  cluster: 'memchorus',
  node: 1,
  incarnation: 1_790_000_000_001,
  placement: 'linearizability',
  peers: '127.0.0.1:8000,127.0.0.1:8001,127.0.0.1:8002',
  nonce: Buffer.alloc(32, 0xa5),
  hasSecret: true,
  onNetwork: false,
} as const;

const CONFIGURATION: Configuration = {
  epoch: 2,
  controllers: [
    { id: 0, host: '127.0.0.1', port: 8000 },
    { id: 1, host: '127.0.0.1', port: 8001, phase: 'leaving' },
    { id: 3, host: '127.0.0.1', port: 8003 },
  ],
  before: [0, 1],
  nextId: 4,
};

const PROMISED = {
  type: 'promised',
  ballot: ballot(8, 1),
  acceptor: ACCEPTOR,
  applied: version(NOW, 2),
  leasesMs: [0, 3_000, 2_999],
  hears: [0, 2],
  caughtUp: true,
  journalFails: false,
  queue: [EFFECTS.set, EFFECTS.delete],
  partial: false,
  placement: null,
  configuration: null,
} as const;

const ACCEPT = {
  type: 'accept',
  ballot: ballot(8, 1),
  members: ACCEPTOR.members,
  sources: [0, 2],
  donor: 2,
  donorApplied: version(NOW, 2),
  union: [EFFECTS.set, EFFECTS.flush],
  reason: 'controller 1 (127.0.0.1:8001) is silent',
  placement: null,
  configuration: null,
} as const;

/** Its type makes this table complete: a new type of message has to be added here. */
export const GOLDEN_MESSAGES: {
  readonly [T in PeerMessage['type']]: Readonly<Record<string, Extract<PeerMessage, { readonly type: T }>>>;
} = {
  hello: {
    typical: HELLO,
    extreme: {
      ...HELLO,
      cluster: '',
      node: 255,
      incarnation: LARGEST,
      placement: '\xff',
      peers: '',
      nonce: Buffer.alloc(0),
      hasSecret: false,
      onNetwork: true,
    },
  },
  proof: {
    typical: { type: 'proof', mac: Buffer.alloc(32, 0x5a), refusal: '' },
    refusing: { type: 'proof', mac: Buffer.alloc(32), refusal: 'level eventual is not sequential' },
  },
  welcome: { typical: { type: 'welcome' } },
  refusal: {
    typical: { type: 'refusal', reason: 'there is no controller 9', idTaken: false },
    taken: { type: 'refusal', reason: '', idTaken: true },
  },
  heartbeat: {
    typical: HEARTBEAT,
    recovered: { ...HEARTBEAT, acceptor: { ...ACCEPTOR, retention: 'recovered' }, departure: 'draining' },
    recorded: { ...HEARTBEAT, acceptor: { ...ACCEPTOR, retention: 'view-only' }, departure: 'drained' },
    complete: { ...HEARTBEAT, acceptor: { ...ACCEPTOR, retention: 'complete' } },
    extreme: {
      type: 'heartbeat',
      time: LARGEST,
      wallMs: LARGEST,
      clusterMs: 0,
      askedMs: 2 ** 32,
      installed: ballot(0, 0),
      acceptor: {
        promised: ballot(LARGEST, 255),
        accepted: ballot(0, 0),
        members: [],
        retention: 'lost',
        incarnation: LARGEST,
      },
      transferring: true,
      hears: [],
      caughtUp: false,
      journalTrouble: 'ENOSPC: no space left on device',
      isStalling: true,
      storeTrouble: 'memcached 127.0.0.1:11201: connection refused',
      known: [LARGEST, 0, 2 ** 32, 2 ** 32 - 1],
      departure: 'staying',
      onProbation: [255],
      heard: [],
      lagMs: LARGEST,
    },
  },
  'view-part': {
    typical: {
      type: 'view-part',
      askedMs: 123_456_789,
      installed: ballot(6, 0),
      acceptor: ACCEPTOR,
      transferring: false,
      caughtUp: true,
      isStalling: false,
      onProbation: [],
    },
    troubled: {
      type: 'view-part',
      askedMs: LARGEST,
      installed: ballot(0, 0),
      acceptor: { ...ACCEPTOR, retention: 'lost' },
      transferring: true,
      caughtUp: false,
      isStalling: true,
      onProbation: [255],
    },
  },
  ordered: {
    typical: {
      type: 'ordered',
      ballot: ballot(6, 0),
      firstSeq: 1_001,
      effects: [EFFECTS.set],
      streamEnd: 1_001,
      received: [1_001, 17, 0],
    },
    differences: {
      type: 'ordered',
      ballot: ballot(6, 0),
      firstSeq: 1_002,
      effects: [EFFECTS.append, EFFECTS.prepend],
      streamEnd: 1_003,
      received: [1_001, 17, 0],
    },
    acknowledgement: {
      type: 'ordered',
      ballot: ballot(6, 0),
      firstSeq: 1,
      effects: [],
      streamEnd: 0,
      received: [LARGEST],
    },
    allEffects: {
      type: 'ordered',
      ballot: ballot(LARGEST, 255),
      firstSeq: LARGEST,
      effects: ALL_EFFECTS,
      streamEnd: LARGEST,
      received: [],
    },
  },
  ...GOLDEN_CHAIN_MESSAGES,
  ...HOP_MESSAGES,
  push: {
    typical: { type: 'push', previousTime: NOW - 1, effects: [EFFECTS.set] },
    allEffects: { type: 'push', previousTime: 0, effects: ALL_EFFECTS },
  },
  'causal-push': {
    typical: {
      type: 'causal-push',
      previousTime: NOW - 1,
      runStart: NOW - 9,
      needs: [{ origin: 1, from: 0, to: NOW - 2 }],
      attached: [],
      effects: [EFFECTS.set],
    },
    attached: {
      type: 'causal-push',
      previousTime: 0,
      runStart: 0,
      needs: [],
      attached: [{ version: EFFECTS.set.version, needs: [{ origin: 2, from: NOW, to: LARGEST }] }],
      effects: ALL_EFFECTS,
    },
  },
  foreign: FOREIGN,
  'sync-shows': {
    typical: {
      type: 'sync-shows',
      exchange: 5,
      shows: [
        { origin: 0, from: 0, to: NOW },
        { origin: 0, from: NOW + 1, to: NOW + 2 },
      ],
      lacks: [{ origin: 1, from: 1, to: NOW }],
      attached: [{ version: EFFECTS.set.version, needs: [] }],
    },
    empty: { type: 'sync-shows', exchange: 2 ** 32 - 1, shows: [], lacks: [], attached: [] },
  },
  'sync-request': {
    typical: {
      type: 'sync-request',
      exchange: 5,
      known: [NOW, 0, 1],
      forgotten: [0, 0, 0],
      empty: false,
    },
    extreme: { type: 'sync-request', exchange: 2 ** 32 - 1, known: [], forgotten: [LARGEST], empty: true },
  },
  'sync-lapsed': { typical: { type: 'sync-lapsed', exchange: 5 } },
  'sync-response': {
    typical: {
      type: 'sync-response',
      exchange: 5,
      total: 2,
      forgotten: [0, 0, 0],
      effects: [EFFECTS.set, EFFECTS.setWithoutValue],
    },
    extreme: { type: 'sync-response', exchange: 0, total: LARGEST, forgotten: [LARGEST], effects: [] },
  },
  'sync-next': { typical: { type: 'sync-next', exchange: 5 } },
  'sync-complete': { typical: { type: 'sync-complete', exchange: 5, known: [NOW, 0, LARGEST] } },
  announced: {
    typical: { type: 'announced', caughtUp: true, known: [NOW, 0, LARGEST] },
    empty: { type: 'announced', caughtUp: false, known: [] },
  },
  fetch: { typical: { type: 'fetch', id: 9, key: 'user:1', version: version(NOW, 2) } },
  fetched: {
    found: { type: 'fetched', id: 9, outcome: 'found', effect: EFFECTS.set },
    lost: { type: 'fetched', id: 9, outcome: 'lost', effect: null },
    other: { type: 'fetched', id: 2 ** 32 - 1, outcome: 'other', effect: null },
    failed: { type: 'fetched', id: 0, outcome: 'failed', effect: null },
  },
  'fetch-many': {
    typical: {
      type: 'fetch-many',
      id: 10,
      wanted: [
        { key: 'user:1', version: version(NOW, 2) },
        { key: 'k', version: version(LARGEST, 255) },
      ],
    },
    empty: { type: 'fetch-many', id: 2 ** 32 - 1, wanted: [] },
  },
  'fetched-many': {
    typical: {
      type: 'fetched-many',
      id: 10,
      outcomes: ['found', 'lost', 'other', 'failed'],
      effects: [EFFECTS.set],
    },
    empty: { type: 'fetched-many', id: 0, outcomes: [], effects: [] },
  },
  prepare: { typical: { type: 'prepare', ballot: ballot(8, 1) } },
  promised: {
    typical: PROMISED,
    extreme: {
      ...PROMISED,
      applied: version(0, 0),
      leasesMs: [],
      hears: [],
      caughtUp: false,
      journalFails: true,
      queue: [],
      partial: true,
    },
  },
  rejected: { typical: { type: 'rejected', promised: ballot(LARGEST, 255) } },
  accept: {
    typical: ACCEPT,
    extreme: {
      type: 'accept',
      ballot: ballot(LARGEST, 255),
      members: [],
      sources: [],
      donor: 255,
      donorApplied: version(LARGEST, 255),
      union: [],
      reason: '',
      placement: null,
      configuration: null,
    },
  },
  placed: {
    typical: {
      type: 'placed',
      placement: { epoch: 1, keyspaces: [{ name: 'default', prefix: '', level: 'sequential' }], move: null },
      message: ACCEPT,
    },
    extreme: {
      type: 'placed',
      placement: {
        epoch: LARGEST,
        keyspaces: [
          { name: 'default', prefix: '', level: 'linearizability' },
          { name: 'x'.repeat(32), prefix: '\u00ff'.repeat(250), level: 'eventual' },
        ],
        move: {
          before: null,
          after: { name: 'x'.repeat(32), prefix: '\u00ff'.repeat(250), level: 'eventual' },
          phase: 'settling',
        },
      },
      message: PROMISED,
    },
  },
  configured: {
    typical: { type: 'configured', configuration: CONFIGURATION, message: ACCEPT },
    extreme: {
      type: 'configured',
      configuration: {
        epoch: LARGEST,
        controllers: [{ id: 255, host: 'x'.repeat(253), port: 65_535 }],
        before: [0, 1, 2, 3, 4, 5, 6],
        nextId: 256,
      },
      message: {
        type: 'placed',
        placement: {
          epoch: 1,
          keyspaces: [{ name: 'default', prefix: '', level: 'sequential' }],
          move: null,
        },
        message: PROMISED,
      },
    },
  },
  configuration: { typical: { type: 'configuration', configuration: CONFIGURATION } },
  retired: { typical: { type: 'retired', epoch: 3 } },
  ...MOVE_MESSAGES,
  accepted: { typical: { type: 'accepted', ballot: ballot(8, 1) } },
  install: { typical: { type: 'install', ballot: ballot(8, 1) } },
  granted: { typical: { type: 'granted', ballot: ballot(8, 1), askedMs: 123_456, forMs: 3_000 } },
};
