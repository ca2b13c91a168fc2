import { NO_VERSION } from '../../src/ordering/version.ts';
import type { Foreign } from '../../src/replication/convergent/messages.ts';
import type { AnswerSession, AskSession, HopAnswer, HopAsk } from '../../src/replication/hop/messages.ts';

const LARGEST = Number.MAX_SAFE_INTEGER;

/** Samples of the messages by which requests are carried to another controller, and back. */
export const HOP_MESSAGES: {
  readonly ask: Readonly<Record<string, HopAsk>>;
  readonly answer: Readonly<Record<string, HopAnswer>>;
  readonly 'ask-session': Readonly<Record<string, AskSession>>;
  readonly 'answer-session': Readonly<Record<string, AnswerSession>>;
} = {
  ask: {
    typical: {
      type: 'ask',
      number: 17,
      client: 4,
      level: null,
      maxAgeMs: null,
      after: NO_VERSION,
      request: { kind: 'get', keys: ['user:1'], withCas: true },
    },
    write: {
      type: 'ask',
      number: LARGEST,
      client: LARGEST,
      level: 'eventual',
      maxAgeMs: null,
      after: NO_VERSION,
      request: {
        kind: 'storage',
        verb: 'set',
        key: 'user:1',
        flags: 7,
        exptime: -1,
        value: Buffer.from('value'),
        invalidate: false,
        vivify: null,
        compare: null,
        newToken: null,
        wantsToken: true,
        noreply: false,
      },
    },
    item: {
      type: 'ask',
      number: 18,
      client: 4,
      level: null,
      maxAgeMs: 500,
      after: { time: 1_000, node: 2 },
      request: {
        kind: 'read_item',
        key: 'user:1',
        touch: 60,
        vivify: null,
        recacheBelow: null,
        countsAsRead: true,
        levelFlag: { asked: 'e', served: '' },
      },
    },
    touch: {
      type: 'ask',
      number: 19,
      client: 4,
      level: null,
      maxAgeMs: null,
      after: NO_VERSION,
      request: { kind: 'gat', keys: ['user:1'], withCas: true, exptime: 60 },
    },
    debug: {
      type: 'ask',
      number: 20,
      client: 4,
      level: null,
      maxAgeMs: null,
      after: NO_VERSION,
      request: { kind: 'debug', key: 'user:1' },
    },
    flush: {
      type: 'ask',
      number: 21,
      client: 4,
      level: null,
      maxAgeMs: null,
      after: NO_VERSION,
      request: { kind: 'flush_all', delay: 10, noreply: false },
    },
  },
  answer: {
    typical: {
      type: 'answer',
      number: 17,
      servedLevel: '',
      servedAgeMs: 0,
      applied: NO_VERSION,
      reply: { kind: 'hits', hits: [{ key: 'user:1', flags: 7, cas: 1_000n, value: Buffer.from('value') }] },
    },
    miss: {
      type: 'answer',
      number: 18,
      servedLevel: 'e',
      servedAgeMs: 12,
      applied: { time: 1_001, node: 1 },
      reply: { kind: 'hits', hits: [] },
    },
    failure: {
      type: 'answer',
      number: LARGEST,
      servedLevel: '',
      servedAgeMs: LARGEST,
      applied: { time: 1_002, node: 0 },
      reply: { kind: 'server_error', code: 'STORE_DOWN', reason: 'the store is down' },
    },
    stored: {
      type: 'answer',
      number: 19,
      servedLevel: '',
      servedAgeMs: 0,
      applied: NO_VERSION,
      reply: { kind: 'outcome', outcome: 'stored', cas: 1_001n },
    },
  },
  'ask-session': {
    typical: { type: 'ask-session', parts: [{ group: 17, seen: [{ origin: 1, from: 0, to: 1_001 }] }] },
  },
  'answer-session': {
    typical: {
      type: 'answer-session',
      number: 17,
      parts: [
        { group: 17, seen: [{ origin: 1, from: 0, to: 1_001 }] },
        { group: 18, seen: [{ origin: 2, from: 900, to: LARGEST }] },
      ],
    },
  },
};

const NOW = 362_387_865_600_001;

/** What writes of a group depend on in other groups. */
export const FOREIGN: Readonly<Record<string, Foreign>> = {
  typical: { type: 'foreign', parts: [{ group: 17, seen: [{ origin: 1, from: 0, to: NOW }] }] },
  largest: {
    type: 'foreign',
    parts: [
      { group: 2, seen: [] },
      { group: 255, seen: [{ origin: 2, from: NOW, to: LARGEST }] },
    ],
  },
};
