import { casOfVersion, type Version } from '../ordering/version.ts';
import { absoluteExpiryMs, ttlSeconds } from '../protocol/expiry.ts';
import { exceedsItemLimit, ONE_PIECE_BYTES_MAX } from '../protocol/limits.ts';
import { parseU64 } from '../protocol/numbers.ts';
import { clientError, type EntryReply, REPLIES } from '../protocol/reply.ts';
import type { ArithmeticRequest } from '../protocol/request.ts';
import type { Evaluation, ExistingEntry, SetChange } from '../replication/evaluation.ts';
import { answer, type DecideContext, tokenOf } from './conditional.ts';

const NON_NUMERIC = clientError('cannot increment or decrement non-numeric value');

const U64 = 1n << 64n;

/** Numbers have 64 bits, unsigned: `incr` wraps around, and `decr` stops at zero. */
export function decideArithmetic(
  request: ArithmeticRequest,
  found: ExistingEntry | null,
  context: DecideContext,
): Evaluation {
  if (found === null) return vivified(request, context);
  if (isNoPlaceForNumbers(request.key, found)) return answer(NON_NUMERIC);
  if (request.compare !== null && request.compare !== tokenOf(found)) return answer(REPLIES.exists);
  const old = numberIn(found.value);
  if (old === null) return answer(NON_NUMERIC);
  const value = request.verb === 'incr' ? (old + request.delta) % U64 : subtracted(old, request.delta);
  const digits = value.toString().padEnd(found.value.length, ' ');
  const expiresAtMs =
    request.touch === null ? found.expiresAtMs : absoluteExpiryMs(request.touch, context.nowMs);
  // As in memcached: a number that has become longer is a new item, any other overwrites the old item.
  const isNewItem = digits.length > found.value.length;
  const change: SetChange = {
    kind: 'set',
    flags: found.flags,
    expiresAtMs,
    value: Buffer.from(digits, 'latin1'),
    token: request.newToken,
    marks: isNewItem ? 0 : found.marks,
  };
  const ttlBefore = ttlSeconds(found.expiresAtMs, context.nowMs);
  return {
    change,
    isNewItem,
    reply: (version) => ({ ...numberReply(request, value, change, version, context), ttlBefore }),
  };
}

/** The checks that memcached makes before it compares tokens. */
function isNoPlaceForNumbers(key: string, { flags, value }: ExistingEntry): boolean {
  return value.length === 0 || exceedsItemLimit(key.length, flags, value.length, ONE_PIECE_BYTES_MAX);
}

function subtracted(from: bigint, delta: bigint): bigint {
  return from > delta ? from - delta : 0n;
}

function vivified(request: ArithmeticRequest, context: DecideContext): Evaluation {
  const { initial } = request;
  if (initial === null) return answer(REPLIES.notFound);
  const change: SetChange = {
    kind: 'set',
    flags: 0,
    expiresAtMs: absoluteExpiryMs(initial.exptime, context.nowMs),
    value: Buffer.from(initial.value.toString(), 'latin1'),
    token: request.newToken,
    marks: 0,
  };
  return {
    change,
    reply: (version) => numberReply(request, initial.value, change, version, context),
  };
}

/** The reply once the entry holds the number. */
function numberReply(
  request: ArithmeticRequest,
  value: bigint,
  { expiresAtMs }: SetChange,
  version: Version,
  { nowMs }: DecideContext,
): Extract<EntryReply, { kind: 'number' }> {
  const cas = request.wantsToken ? (request.newToken ?? casOfVersion(version)) : 0n;
  return { kind: 'number', value, cas, ttl: ttlSeconds(expiresAtMs, nowMs), ttlBefore: null, atMs: nowMs };
}

/**
 * Reads the value as C reads a string, as memcached does: it ends at a NUL, and everything after white space behind the
 * digits is ignored.
 */
function numberIn(value: Buffer): bigint | null {
  const nul = value.indexOf(0);
  return parseU64(value, 0, nul === -1 ? value.length : nul);
}
