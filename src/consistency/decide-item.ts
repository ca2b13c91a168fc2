import type { WallMs } from '../base/number-kinds.ts';
import { MARKS } from '../ordering/effect.ts';
import { msOfVersionTime } from '../ordering/version.ts';
import { absoluteExpiryMs, ttlSeconds } from '../protocol/expiry.ts';
import { type EntryReply, type Item, REPLIES } from '../protocol/reply.ts';
import type { DeleteRequest, GetAndTouchOne, ReadItemRequest, TouchRequest } from '../protocol/request.ts';
import type { Change, Evaluation, ExistingEntry } from '../replication/evaluation.ts';
import { answer, type DecideContext, hasMark, tokenOf, unchanged } from './conditional.ts';

export function decideTouch(
  request: TouchRequest | GetAndTouchOne,
  found: ExistingEntry | null,
  { nowMs }: DecideContext,
): Evaluation {
  if (found === null) return answer(REPLIES.notFound);
  return {
    change: { ...unchanged(found), expiresAtMs: absoluteExpiryMs(request.exptime, nowMs) },
    reply: () => REPLIES.touched,
  };
}

/**
 * A delete with a condition, or a delete that keeps the entry: marked stale, so that some client wins the right to
 * recache it, or without its value.
 */
export function decideDelete(
  request: DeleteRequest,
  found: ExistingEntry | null,
  context: DecideContext,
): Evaluation {
  if (found === null) return answer(REPLIES.notFound);
  if (request.compare !== null && request.compare !== tokenOf(found)) return answer(REPLIES.exists);
  const reply = (): EntryReply => REPLIES.deleted;
  if (!request.invalidate && !request.dropValue) {
    return { change: { kind: 'delete' }, reply };
  }
  const { touch, newToken, invalidate, dropValue } = request;
  // An entry that loses its value keeps its token; only `invalidate` gives it another one.
  const token = newToken ?? (invalidate ? null : tokenOf(found));
  const change: Change = {
    kind: 'set',
    flags: dropValue ? 0 : found.flags,
    expiresAtMs: touch === null ? found.expiresAtMs : absoluteExpiryMs(touch, context.nowMs),
    value: dropValue ? EMPTY : found.value,
    token,
    marks: invalidate ? MARKS.stale : 0,
  };
  return { change, reply };
}

/**
 * Reads an entry, and decides which client may recache it. The first reader of a missing, stale or nearly expired
 * entry wins that right by a conditional write. All replicas agree on the write, so no other client in the cluster
 * wins it too.
 */
export function decideReadItem(
  request: ReadItemRequest,
  found: ExistingEntry | null,
  context: DecideContext,
): Evaluation {
  if (found === null) return vivified(request, context);
  const { nowMs } = context;
  const { touch } = request;
  const expiresAtMs = touch === null ? found.expiresAtMs : absoluteExpiryMs(touch, nowMs);
  const item = { ...found, expiresAtMs };
  const won =
    request.onlyLooks !== true && !hasMark(found, 'taken') && mayBeFilledAnew(request, found, nowMs);
  const ttlBefore = ttlSeconds(found.expiresAtMs, nowMs);
  const reply = (): EntryReply => ({ kind: 'item', item: itemOf(request.key, item, ttlBefore, won, nowMs) });
  if (!won && touch === null) return { change: null, reply };
  const marks = won ? found.marks | MARKS.taken : found.marks;
  return { change: { ...unchanged(item), marks }, reply };
}

/** @param found the entry before this request touches it */
function mayBeFilledAnew({ recacheBelow }: ReadItemRequest, found: ExistingEntry, nowMs: WallMs): boolean {
  if (hasMark(found, 'stale') || recacheBelow === Infinity) return true;
  if (recacheBelow === null || found.expiresAtMs === 0) return false;
  // As with any exptime, a large number is a point in time, and not a number of seconds.
  const belowMs = absoluteExpiryMs(recacheBelow, nowMs);
  return ttlSeconds(found.expiresAtMs, nowMs) < ttlSeconds(belowMs, nowMs);
}

function vivified({ key, vivify }: ReadItemRequest, { nowMs }: DecideContext): Evaluation {
  if (vivify === null) return answer(REPLIES.notFound);
  const expiresAtMs = absoluteExpiryMs(vivify, nowMs);
  const made = { flags: 0, expiresAtMs, value: EMPTY, token: null };
  return {
    change: { ...made, kind: 'set', marks: MARKS.taken },
    reply: (version) => {
      const found = { ...made, version, marks: 0, readAtSec: 0, base: null };
      return { kind: 'item', item: itemOf(key, found, null, true, nowMs) };
    },
  };
}

const EMPTY = Buffer.alloc(0);

/** @param won this request has won the right to recache; `taken` of the item says that an earlier request has */
function itemOf(
  key: string,
  found: ExistingEntry,
  ttlBefore: number | null,
  won: boolean,
  nowMs: WallMs,
): Item {
  const { flags, value, expiresAtMs, readAtSec } = found;
  const usedAtMs = readAtSec === 0 ? msOfVersionTime(found.version.time) : readAtSec * 1000;
  return {
    key,
    flags,
    value,
    cas: tokenOf(found),
    ttl: ttlSeconds(expiresAtMs, nowMs),
    ttlBefore,
    atMs: nowMs,
    hitBefore: readAtSec !== 0,
    idleSeconds: Math.max(0, Math.floor((nowMs - usedAtMs) / 1000)),
    stale: hasMark(found, 'stale'),
    taken: hasMark(found, 'taken'),
    won,
  };
}
