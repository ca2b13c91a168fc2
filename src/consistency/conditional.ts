import { casOfVersion, type Version } from '../ordering/version.ts';
import { absoluteExpiryMs } from '../protocol/expiry.ts';
import { exceedsItemLimit } from '../protocol/limits.ts';
import { parseU64 } from '../protocol/numbers.ts';
import { clientError, REPLIES, type Reply } from '../protocol/reply.ts';
import type { ArithmeticRequest, StoreRequest, TouchRequest } from '../protocol/request.ts';

/** One key's part of `gat` and `gats`. */
export interface GetAndTouchOne {
  readonly kind: 'gat-one';
  readonly key: string;
  readonly exptime: number;
}

/** Requests whose effect depends on what the key holds. */
export type ConditionalRequest = StoreRequest | ArithmeticRequest | TouchRequest | GetAndTouchOne;

/** An entry as an operation finds it. `value` is empty where the operation does not look at it. */
export interface Found {
  readonly version: Version;
  readonly flags: number;
  readonly expiresAtMs: number;
  readonly value: Buffer;
}

/** What is to be set, if the key still holds what was found. */
export interface Change {
  readonly flags: number;
  readonly expiresAtMs: number;
  readonly value: Buffer;
}

/** What an operation comes to: an answer, and a change that has to happen for the answer to be true. */
export interface Verdict {
  readonly reply: Reply;
  readonly change: Change | null;
}

const NON_NUMERIC = clientError('cannot increment or decrement non-numeric value');

/** False when the operation can be decided on the version and the liveness of the entry alone. */
export function needsValue(request: ConditionalRequest): boolean {
  if (request.kind !== 'store') return true;
  return request.verb === 'append' || request.verb === 'prepend';
}

/**
 * Decides an operation on what the key holds, as memcached would.
 *
 * @param found null when the key holds nothing
 * @param nowMs wall clock, milliseconds since 1970
 */
export function decide(
  request: ConditionalRequest,
  found: Found | null,
  nowMs: number,
  itemBytesMax: number,
): Verdict {
  switch (request.kind) {
    case 'store':
      return decideStore(request, found, nowMs, itemBytesMax);
    case 'arithmetic':
      return decideArithmetic(request, found);
    case 'touch':
      if (found === null) return answer(REPLIES.notFound);
      return touched(REPLIES.touched, found, absoluteExpiryMs(request.exptime, nowMs));
    case 'gat-one':
      if (found === null) return answer(REPLIES.notFound);
      return touched(REPLIES.touched, found, absoluteExpiryMs(request.exptime, nowMs));
  }
}

function answer(reply: Reply): Verdict {
  return { reply, change: null };
}

function touched(reply: Reply, found: Found, expiresAtMs: number): Verdict {
  return { reply, change: { flags: found.flags, expiresAtMs, value: found.value } };
}

function decideStore(
  request: StoreRequest,
  found: Found | null,
  nowMs: number,
  itemBytesMax: number,
): Verdict {
  switch (request.verb) {
    case 'set':
      return stored(request, nowMs);
    case 'add':
      return found === null ? stored(request, nowMs) : answer(REPLIES.notStored);
    case 'replace':
      return found === null ? answer(REPLIES.notStored) : stored(request, nowMs);
    case 'cas':
      if (found === null) return answer(REPLIES.notFound);
      return casOfVersion(found.version) === request.cas ? stored(request, nowMs) : answer(REPLIES.exists);
    case 'append':
    case 'prepend':
      return found === null ? answer(REPLIES.notStored) : joined(request, found, itemBytesMax);
  }
}

function stored(request: StoreRequest, nowMs: number): Verdict {
  const { flags, value, exptime } = request;
  return { reply: REPLIES.stored, change: { flags, value, expiresAtMs: absoluteExpiryMs(exptime, nowMs) } };
}

/**
 * The entry keeps its flags and its expiry; those of the request are ignored. A result that would be too large
 * is simply not stored: memcached has no other word for it here.
 */
function joined(request: StoreRequest, found: Found, itemBytesMax: number): Verdict {
  const parts = request.verb === 'append' ? [found.value, request.value] : [request.value, found.value];
  const bytes = found.value.length + request.value.length;
  if (exceedsItemLimit(request.key.length, found.flags, bytes, itemBytesMax))
    return answer(REPLIES.notStored);
  return {
    reply: REPLIES.stored,
    change: { flags: found.flags, expiresAtMs: found.expiresAtMs, value: Buffer.concat(parts) },
  };
}

const U64 = 1n << 64n;

/** 64 bits unsigned: `incr` wraps, `decr` stops at zero. A shorter result is padded with spaces, as memcached does. */
function decideArithmetic(request: ArithmeticRequest, found: Found | null): Verdict {
  if (found === null) return answer(REPLIES.notFound);
  const old = numberIn(found.value);
  if (old === null) return answer(NON_NUMERIC);
  const value =
    request.verb === 'incr' ? (old + request.delta) % U64 : old > request.delta ? old - request.delta : 0n;
  const digits = value.toString().padEnd(found.value.length, ' ');
  return {
    reply: { kind: 'number', value },
    change: { flags: found.flags, expiresAtMs: found.expiresAtMs, value: Buffer.from(digits, 'latin1') },
  };
}

/**
 * memcached reads the value as C reads a string: up to a NUL, and whatever follows white space after the digits
 * does not count.
 */
function numberIn(value: Buffer): bigint | null {
  const nul = value.indexOf(0);
  return parseU64(value, 0, nul === -1 ? value.length : nul);
}
