import type { IncomingHttpHeaders } from 'node:http';
import { isLevel, LEVELS, type Level, letterOf } from '../placement/level.ts';
import type { ReadItemRequest, RequestSession } from '../protocol/request.ts';
import { HttpProblem } from './problems.ts';

/** The headers that say how a request on keys is carried out. */
export const HEADERS = {
  level: 'memchorus-level',
  maxStale: 'memchorus-max-stale-ms',
  timeout: 'memchorus-timeout-ms',
  session: 'memchorus-session',
  flags: 'memchorus-flags',
  ttl: 'memchorus-ttl-seconds',
  /** Of answers: a read is so old at most. */
  age: 'memchorus-age-ms',
} as const;

/** Value of `HEADERS.session`: the answer is to have a token, and the request brings none. */
const NEW_SESSION = 'new';

const SESSION_TOKEN_CHARACTERS_MAX = 8_192;
const MS_MAX = 999_999_999;
const U32_MAX = 4_294_967_295;
const TTL_SECONDS_MAX = 10_000_000_000;

/** What a read asks for, and is told. */
export type ReadOptions = Pick<ReadItemRequest, 'levelFlag' | 'ageFlag'>;

/** @throws HttpProblem */
export function readOptionsIn(headers: IncomingHttpHeaders): ReadOptions {
  const level = levelIn(headers);
  const maxMs = numberIn(headers, HEADERS.maxStale, 0, MS_MAX);
  if (level !== null && maxMs !== null)
    throw new HttpProblem('MALFORMED', `give ${HEADERS.level} or ${HEADERS.maxStale}, not both`);
  if (level !== null) return { levelFlag: { asked: letterOf(level), served: '' } };
  return maxMs === null ? {} : { ageFlag: { maxMs, servedMs: 0 } };
}

/** The time within which the client wants its answer, in milliseconds; null for `request_timeout`. @throws HttpProblem */
export function timeoutIn(headers: IncomingHttpHeaders): number | null {
  return numberIn(headers, HEADERS.timeout, 1, MS_MAX);
}

function levelIn(headers: IncomingHttpHeaders): Level | null {
  const word = textIn(headers, HEADERS.level);
  if (word === null) return null;
  if (isLevel(word)) return word;
  throw new HttpProblem('LEVEL_UNKNOWN', `there is no level "${word}": the levels are ${LEVELS.join(', ')}`);
}

/** The session of a request; null where it neither brings nor asks for one. @throws HttpProblem */
export function sessionIn(headers: IncomingHttpHeaders): RequestSession | null {
  const text = textIn(headers, HEADERS.session);
  if (text === null) return null;
  if (text === '' || text.length > SESSION_TOKEN_CHARACTERS_MAX)
    throw new HttpProblem(
      'TOKEN_BROKEN',
      `${HEADERS.session} is a token, or "${NEW_SESSION}" for a new session`,
    );
  return { token: text === NEW_SESSION ? null : text, wantsToken: true, given: '' };
}

/** @throws HttpProblem */
export function flagsIn(headers: IncomingHttpHeaders): number {
  return numberIn(headers, HEADERS.flags, 0, U32_MAX) ?? 0;
}

/** @returns seconds; null for no expiry @throws HttpProblem */
export function ttlIn(headers: IncomingHttpHeaders): number | null {
  return numberIn(headers, HEADERS.ttl, 1, TTL_SECONDS_MAX);
}

/** What a write asks for by `If-Match` and `If-None-Match`. */
export type Precondition =
  | { readonly kind: 'none' | 'exists' | 'is-missing' }
  | { readonly kind: 'token'; readonly token: bigint }
  /** No entry can have this tag. */
  | { readonly kind: 'never' };

/** @throws HttpProblem */
export function preconditionIn({
  'if-match': match,
  'if-none-match': noneMatch,
}: IncomingHttpHeaders): Precondition {
  if (match !== undefined && noneMatch !== undefined)
    throw new HttpProblem('MALFORMED', 'give If-Match or If-None-Match, not both');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return { kind: 'is-missing' };
    throw new HttpProblem('MALFORMED', 'If-None-Match of a write has to be *');
  }
  if (match === undefined) return { kind: 'none' };
  if (match.trim() === '*') return { kind: 'exists' };
  if (!/^(W\/)?"[^"]*"$/.test(match.trim()))
    throw new HttpProblem('MALFORMED', 'If-Match has to be one entity tag in quotes, or *');
  const token = tokenOfTag(match.trim());
  return token === null ? { kind: 'never' } : { kind: 'token', token };
}

/** The version token of an entry as a strong entity tag. */
export function tagOf(token: bigint): string {
  return `"${token}"`;
}

/** @returns null for a tag that no entry has */
export function tokenOfTag(tag: string): bigint | null {
  const digits = /^"(\d{1,20})"$/.exec(tag)?.[1];
  const token = digits === undefined ? null : BigInt(digits);
  return token === null || token >= 2n ** 64n ? null : token;
}

/** The tags of an `If-None-Match` of a read contain that of the entry. */
export function isAmongTags(token: bigint, tags: string): boolean {
  return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === tagOf(token));
}

function numberIn(headers: IncomingHttpHeaders, name: string, min: number, max: number): number | null {
  const text = textIn(headers, name);
  if (text === null) return null;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new HttpProblem('MALFORMED', `${name} is "${text}": give a whole number from ${min} to ${max}`);
}

function textIn(headers: IncomingHttpHeaders, name: string): string | null {
  const text = headers[name];
  return text === undefined ? null : String(text).trim();
}
