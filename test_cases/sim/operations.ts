import { ERRORS } from '../../src/base/error-codes.ts';
import type { Action, Answer } from '../../src/checkers/history.ts';
import { type Level, letterOf } from '../../src/placement/level.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storageRequest,
} from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request, StorageVerb } from '../../src/protocol/request.ts';

/**
 * @param cas the token that a `cas` names
 * @param seconds the time to live of what is stored; 0 for ever
 * @param beside further keys that a `get` names
 * @param level the level that a `get` asks for; it then names one key
 */
export function requestOf(
  key: string,
  action: Action,
  cas: bigint,
  seconds: number,
  beside: readonly string[] = [],
  level: Level | null = null,
): Request {
  const store = (verb: StorageVerb, value: string): Request => ({
    ...storageRequest(verb, key, 0, seconds, Buffer.from(value), verb === 'cas' ? cas : null),
    wantsToken: true,
  });
  switch (action.kind) {
    case 'get':
      if (level !== null)
        return { ...readItemRequest(key), levelFlag: { asked: letterOf(level), served: '' } };
      return { kind: 'get', keys: beside.length === 0 ? [key] : [key, ...beside, key], withCas: true };
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'cas':
      return store(action.kind, action.value);
    case 'incr':
      return { ...arithmeticRequest('incr', key, BigInt(action.by)), wantsToken: true };
    case 'delete':
      return deleteRequest(key);
    case 'flush':
      return { kind: 'flush_all', delay: 0, noreply: false };
  }
}

/** The part of a reply that concerns this key. */
export function replyFor(key: string, reply: Reply): Reply {
  return reply.kind === 'hits' ? { ...reply, hits: reply.hits.filter((hit) => hit.key === key) } : reply;
}

/** The answer in the checkers' form; null when the operation certainly failed, so that it never happened. */
export function answerOf(reply: Reply): Answer | null {
  switch (reply.kind) {
    case 'outcome':
      return { kind: 'word', word: reply.outcome };
    case 'item':
      return { kind: 'value', value: reply.item.value.toString() };
    case 'number':
      return { kind: 'value', value: String(reply.value) };
    case 'client_error':
      return { kind: 'word', word: 'client_error' };
    case 'hits':
      return { kind: 'value', value: reply.hits[0]?.value.toString() ?? null };
    case 'server_error':
      return mayHaveHappened(reply) ? { kind: 'unknown' } : null;
    default:
      throw new Error(`an unexpected reply: ${reply.kind}`);
  }
}

/** @throws when the text and the code of the error do not agree */
function mayHaveHappened({ code, reason }: Extract<Reply, { kind: 'server_error' }>): boolean {
  const saidByText = reason.startsWith('outcome unknown');
  if (saidByText !== ERRORS[code].mayHaveHappened) throw new Error(`${code} and "${reason}" do not agree`);
  return saidByText;
}

/** The token of the entry that the reply shows or names; null when there is none. */
export function tokenOf(reply: Reply): bigint | null {
  if (reply.kind === 'hits') return reply.hits[0]?.cas ?? null;
  if (reply.kind === 'number') return reply.cas;
  if (reply.kind === 'item') return reply.item.cas;
  return reply.kind === 'outcome' ? (reply.cas ?? null) : null;
}

/** For example `append a ,7000`. */
export function describeAction(key: string, action: Action): string {
  const details = 'value' in action ? [action.value] : 'by' in action ? [String(action.by)] : [];
  const expected = 'expected' in action ? [`over ${action.expected}`] : [];
  return [action.kind, key, ...details, ...expected].filter((word) => word !== '').join(' ');
}

export function describeReply(reply: Reply): string {
  if (reply.kind === 'hits') return reply.hits.map((hit) => hit.value.toString()).join(' ') || 'nothing';
  if (reply.kind === 'outcome') return reply.outcome;
  if (reply.kind === 'number') return String(reply.value);
  if (reply.kind === 'item') return reply.item.value.toString();
  return 'reason' in reply ? `${reply.kind}: ${reply.reason}` : reply.kind;
}
