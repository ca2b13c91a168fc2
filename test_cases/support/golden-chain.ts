import { NO_TOKEN_OPTIONS } from '../../src/protocol/request.ts';
import type { Asked, ConditionVerdict } from '../../src/replication/asked.ts';
import type { ChainMessage } from '../../src/replication/chain/messages.ts';
import { EFFECTS } from './golden-effects.ts';

/** The messages of a chain whose bytes are recorded: see `golden-messages.ts`. */

const LARGEST = Number.MAX_SAFE_INTEGER;
const LARGEST_64 = 2n ** 64n - 1n;
const NOW = 362_387_865_600_001;
const MOMENT_MS = 1_800_000_000_000;

const ballot = (counter: number, node: number) => ({ counter, node });

const EVERY_TOKEN = { compare: LARGEST_64, newToken: 1n, wantsToken: true } as const;

const READ_ITEM = { kind: 'read_item', key: 'user:1', countsAsRead: true } as const;

const STORAGE = {
  kind: 'storage',
  key: 'user:1',
  flags: 2 ** 32 - 1,
  exptime: -1,
  value: Buffer.from('Ada'),
  invalidate: false,
  vivify: null,
  noreply: false,
} as const;

const ARITHMETIC = { kind: 'arithmetic', key: 'n', delta: LARGEST_64, noreply: false } as const;

const DELETE = { kind: 'delete', key: 'user:1', noreply: false } as const;

const LAST_READ = { version: { time: NOW, node: 2 }, atSec: 1_800_000_000 } as const;

const REQUESTS: readonly Asked[] = [
  { request: { ...STORAGE, ...NO_TOKEN_OPTIONS, verb: 'add' }, lastRead: null },
  { request: { ...STORAGE, ...EVERY_TOKEN, verb: 'cas', invalidate: true, exptime: 0 }, lastRead: null },
  { request: { ...STORAGE, ...NO_TOKEN_OPTIONS, verb: 'append', vivify: 2 ** 32 - 1 }, lastRead: null },
  { request: { ...STORAGE, ...NO_TOKEN_OPTIONS, verb: 'prepend', value: Buffer.alloc(0) }, lastRead: null },
  { request: { ...STORAGE, ...NO_TOKEN_OPTIONS, verb: 'replace' }, lastRead: null },
  { request: { ...STORAGE, ...EVERY_TOKEN, verb: 'set' }, lastRead: null },
  {
    request: { ...ARITHMETIC, ...NO_TOKEN_OPTIONS, verb: 'incr', initial: null, touch: null },
    lastRead: null,
  },
  {
    request: {
      ...ARITHMETIC,
      ...EVERY_TOKEN,
      verb: 'decr',
      initial: { value: LARGEST_64, exptime: -1 },
      touch: 60,
    },
    lastRead: LAST_READ,
  },
  { request: { kind: 'touch', key: 'user:1', exptime: 60, noreply: false }, lastRead: LAST_READ },
  { request: { kind: 'gat-one', key: 'user:1', exptime: 0 }, lastRead: LAST_READ },
  {
    request: { ...DELETE, ...EVERY_TOKEN, invalidate: false, dropValue: false, touch: null },
    lastRead: null,
  },
  {
    request: { ...DELETE, ...NO_TOKEN_OPTIONS, invalidate: true, dropValue: true, touch: 1 },
    lastRead: null,
  },
  { request: { ...READ_ITEM, touch: 60, vivify: 0, recacheBelow: 30 }, lastRead: LAST_READ },
  {
    request: {
      ...READ_ITEM,
      touch: null,
      vivify: null,
      recacheBelow: Number.POSITIVE_INFINITY,
      onlyLooks: true,
    },
    lastRead: null,
  },
];

const ITEM = {
  key: 'user:1',
  flags: 32,
  value: Buffer.from('Ada'),
  cas: LARGEST_64,
  ttl: 60,
  ttlBefore: -1,
  atMs: MOMENT_MS,
  hitBefore: true,
  idleSeconds: 7,
  stale: true,
  taken: false,
  won: true,
} as const;

const VERDICTS = {
  stored: { reply: { kind: 'outcome', outcome: 'stored', cas: 7n, valueBytes: 12 }, keepsReadTime: false },
  number: {
    reply: { kind: 'number', value: LARGEST_64, cas: 0n, ttl: -1, ttlBefore: null, atMs: MOMENT_MS },
    keepsReadTime: true,
  },
  item: { reply: { kind: 'item', item: { ...ITEM, ttlBefore: null } }, keepsReadTime: false },
  itemOfSet: { reply: { kind: 'item', item: { ...ITEM, value: EFFECTS.set.value } }, keepsReadTime: true },
  clientError: {
    reply: { kind: 'client_error', reason: 'cannot increment or decrement non-numeric value' },
    keepsReadTime: false,
  },
  failure: {
    reply: { kind: 'server_error', code: 'VALUE_LOST', reason: 'the value is lost' },
    keepsReadTime: false,
  },
} as const satisfies Record<string, ConditionVerdict>;

type GoldenChainMessages = {
  readonly [T in ChainMessage['type']]: Readonly<Record<string, Extract<ChainMessage, { readonly type: T }>>>;
};

export const GOLDEN_CHAIN_MESSAGES = {
  'chain-ask': {
    typical: {
      type: 'chain-ask',
      ballot: ballot(6, 0),
      firstNumber: 1_001,
      after: 1_000,
      askedIn: ballot(5, 1),
      settled: 1_000,
      effects: [{ ...EFFECTS.set, version: { time: 0, node: 0 } }],
    },
  },
  'chain-request': {
    allRequests: {
      type: 'chain-request',
      ballot: ballot(6, 0),
      firstNumber: 17,
      after: 16,
      askedIn: ballot(5, 2),
      settled: 15,
      requests: REQUESTS,
    },
  },
  'chain-verdict': {
    typical: {
      type: 'chain-verdict',
      ballot: ballot(6, 0),
      number: 17,
      verdict: VERDICTS.stored,
      stable: 1_001,
    },
    number: { type: 'chain-verdict', ballot: ballot(6, 0), number: 18, verdict: VERDICTS.number, stable: 0 },
    item: { type: 'chain-verdict', ballot: ballot(6, 0), number: 19, verdict: VERDICTS.item, stable: 0 },
    clientError: {
      type: 'chain-verdict',
      ballot: ballot(6, 0),
      number: 20,
      verdict: VERDICTS.clientError,
      stable: 0,
    },
    failure: {
      type: 'chain-verdict',
      ballot: ballot(6, 0),
      number: 21,
      verdict: VERDICTS.failure,
      stable: 0,
    },
  },
  'chain-question': { typical: { type: 'chain-question', ballot: ballot(6, 0), number: 3 } },
  'chain-holds': { typical: { type: 'chain-holds', ballot: ballot(6, 0), number: 3, seq: 1_001 } },
  'chain-down': {
    decided: {
      type: 'chain-down',
      ballot: ballot(6, 0),
      firstSeq: 1_001,
      effects: [EFFECTS.set],
      tickets: [{ node: 2, number: 17, verdict: VERDICTS.itemOfSet }],
      kept: 1_000,
      settled: [1_001, 17, 0],
    },
    typical: {
      type: 'chain-down',
      ballot: ballot(6, 0),
      firstSeq: 1_001,
      effects: [EFFECTS.set],
      tickets: [{ node: 2, number: 17, verdict: null }],
      kept: 1_000,
      settled: [1_001, 17, 0],
    },
    withoutRequests: {
      type: 'chain-down',
      ballot: ballot(6, 0),
      firstSeq: LARGEST,
      effects: [],
      tickets: [],
      kept: LARGEST,
      settled: [],
    },
  },
  'chain-stable': { typical: { type: 'chain-stable', ballot: ballot(6, 0), seq: 1_001 } },
  'chain-told': {
    typical: {
      type: 'chain-told',
      ballot: ballot(6, 0),
      number: 17,
      version: { time: NOW, node: 1 },
      decision: null,
    },
    decided: {
      type: 'chain-told',
      ballot: ballot(6, 0),
      number: 17,
      version: EFFECTS.set.version,
      decision: { effect: EFFECTS.set, verdict: VERDICTS.stored },
    },
  },
} as const satisfies GoldenChainMessages;
