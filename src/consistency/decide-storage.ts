import type { WallMs } from '../base/number-kinds.ts';
import { MARKS } from '../ordering/effect.ts';
import { casOfVersion, placeOfCas, type Version } from '../ordering/version.ts';
import { absoluteExpiryMs } from '../protocol/expiry.ts';
import { exceedsItemLimit } from '../protocol/limits.ts';
import { type EntryReply, REPLIES } from '../protocol/reply.ts';
import type { StorageRequest } from '../protocol/request.ts';
import type { Evaluation, ExistingEntry, JoinChange, SetChange } from '../replication/evaluation.ts';
import { answer, type DecideContext, tokenOf } from './conditional.ts';
import { nextChain } from './differences.ts';

/** `set`, `add`, `replace`, `append`, `prepend` and `cas`, of all protocols. */
export function decideStorage(
  request: StorageRequest,
  found: ExistingEntry | null,
  context: DecideContext,
): Evaluation {
  switch (request.verb) {
    case 'set':
      return stored(request, context);
    case 'add':
      return found === null ? stored(request, context) : answer(REPLIES.notStored);
    case 'replace':
      return found === null ? answer(REPLIES.notStored) : stored(request, context);
    case 'cas':
      return compared(request, found, context);
    case 'append':
    case 'prepend':
      return joined(request, found, context);
  }
}

/** The change that a `set` makes, whatever the key holds. */
export function setChange(request: StorageRequest, nowMs: WallMs): SetChange {
  const { flags, value, exptime, newToken } = request;
  const expiresAtMs = absoluteExpiryMs(exptime, nowMs);
  return { kind: 'set', flags, value, expiresAtMs, token: newToken, marks: 0 };
}

/** The reply `stored`, with the new token if the request asked for it. */
export function storedReply(request: StorageRequest, version: Version): OutcomeReply {
  if (!request.wantsToken) return REPLIES.stored;
  return { kind: 'outcome', outcome: 'stored', cas: request.newToken ?? casOfVersion(version) };
}

type OutcomeReply = Extract<EntryReply, { kind: 'outcome' }>;

function stored(request: StorageRequest, { nowMs }: DecideContext): Evaluation {
  return { change: setChange(request, nowMs), reply: (version) => storedReply(request, version) };
}

/**
 * A late writer with `invalidate` stores over a newer entry. The value is out of date, so the entry is marked stale.
 * Its expiry, and the mark of a client that has won the right to recache it, stay as they are.
 */
function compared(request: StorageRequest, found: ExistingEntry | null, context: DecideContext): Evaluation {
  if (found === null) return answer(REPLIES.notFound);
  const token = tokenOf(found);
  if (request.compare === token) return stored(request, context);
  const isOlder = request.compare !== null && placeOfCas(request.compare) < placeOfCas(token);
  if (!request.invalidate || !isOlder) return answer(REPLIES.exists);
  const change: SetChange = {
    ...setChange(request, context.nowMs),
    expiresAtMs: found.expiresAtMs,
    marks: MARKS.stale | (found.marks & MARKS.taken),
  };
  return { change, reply: (version) => storedReply(request, version) };
}

/**
 * The entry keeps its flags and its expiry; those of the request are ignored. A result that would be too large is
 * answered with `not_stored`, as by memcached.
 */
function joined(request: StorageRequest, found: ExistingEntry | null, context: DecideContext): Evaluation {
  if (found === null) {
    if (request.vivify === null) return answer(REPLIES.notStored);
    return stored({ ...request, exptime: request.vivify }, context);
  }
  if (request.compare !== null && request.compare !== tokenOf(found)) return answer(REPLIES.exists);
  const bytes = (found.base?.valueBytes ?? found.value.length) + request.value.length;
  if (exceedsItemLimit(request.key.length, found.flags, bytes, context.itemBytesMax)) {
    return answer(REPLIES.notStored);
  }
  return {
    change: differenceOf(request, found, bytes, context) ?? wholeOf(request, found, bytes),
    reply: (version) => ({ ...storedReply(request, version), valueBytes: bytes }),
  };
}

function wholeOf(request: StorageRequest, found: ExistingEntry, bytes: number): SetChange {
  const parts = request.verb === 'append' ? [found.value, request.value] : [request.value, found.value];
  const { flags, expiresAtMs } = found;
  const value = Buffer.concat(parts, bytes);
  return { kind: 'set', flags, expiresAtMs, value, token: request.newToken, marks: 0 };
}

/** Null where the whole value has to be written. @param valueBytes of the value with what is added */
function differenceOf(
  request: StorageRequest,
  { expiresAtMs, base }: ExistingEntry,
  valueBytes: number,
  { differences, itemBytesMax }: DecideContext,
): JoinChange | null {
  const chain = base === null ? null : nextChain(request, base, differences, itemBytesMax);
  if (chain === null) return null;
  const side = request.verb === 'append' ? 'end' : 'beginning';
  return { kind: 'join', expiresAtMs, side, part: request.value, valueBytes, chain };
}
