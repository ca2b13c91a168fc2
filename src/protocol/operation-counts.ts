import { type Reply, SERVER_ERROR_LINES } from './reply.ts';
import type {
  ArithmeticRequest,
  DebugRequest,
  DeleteRequest,
  FlushAllRequest,
  GetAndTouchRequest,
  GetRequest,
  InvalidRequest,
  ReadItemRequest,
  StorageRequest,
  TouchRequest,
} from './request.ts';

/**
 * How memcached 1.6.18 counts operations, with its peculiarities: only `me` counts in `cmd_meta`, and a `gat` does
 * not count in `cmd_get`.
 */

export const OPERATION_COUNTERS = [
  'cmd_get',
  'cmd_set',
  'cmd_flush',
  'cmd_touch',
  'cmd_meta',
  'get_hits',
  'get_misses',
  'delete_misses',
  'delete_hits',
  'incr_misses',
  'incr_hits',
  'decr_misses',
  'decr_hits',
  'cas_misses',
  'cas_hits',
  'cas_badval',
  'touch_hits',
  'touch_misses',
  'store_too_large',
  'total_items',
] as const;

export type OperationCounts = Record<(typeof OPERATION_COUNTERS)[number], number>;

export function countGets({ keys }: GetRequest, reply: Reply, counts: OperationCounts): void {
  countGet(keys.length, hitsIn(reply), counts);
}

export function countGetAndTouches(
  { keys }: GetAndTouchRequest,
  reply: Reply,
  counts: OperationCounts,
): void {
  countTouches(keys.length, hitsIn(reply), counts);
}

/** A hit that gets a new expiry counts as a touch. A miss always counts as a get. */
export function countItem({ touch }: ReadItemRequest, reply: Reply, counts: OperationCounts): void {
  if (reply.kind !== 'item') return countGet(1, 0, counts);
  const made = reply.item.ttlBefore === null;
  if (made) counts.total_items++;
  if (touch === null || made) countGet(1, 1, counts);
  else countTouches(1, 1, counts);
}

export function countStorage({ verb, compare }: StorageRequest, reply: Reply, counts: OperationCounts): void {
  counts.cmd_set++;
  const outcome = outcomeOf(reply);
  if (outcome === 'stored') counts.total_items++;
  if (compare === null || verb === 'append' || verb === 'prepend') return;
  if (outcome === 'stored') counts.cas_hits++;
  else if (outcome === 'exists') counts.cas_badval++;
  else if (outcome === 'not_found') counts.cas_misses++;
}

/** An entry that the request has made is neither a hit nor a miss. */
export function countArithmetic({ verb }: ArithmeticRequest, reply: Reply, counts: OperationCounts): void {
  if (reply.kind === 'number' && reply.ttlBefore === null) counts.total_items++;
  else if (reply.kind === 'number') counts[`${verb}_hits`]++;
  else if (outcomeOf(reply) === 'not_found') counts[`${verb}_misses`]++;
}

export function countTouch(_: TouchRequest, reply: Reply, counts: OperationCounts): void {
  countTouches(1, outcomeOf(reply) === 'touched' ? 1 : 0, counts);
}

export function countDelete(
  { invalidate, unasked, wire }: DeleteRequest,
  reply: Reply,
  counts: OperationCounts,
): void {
  if (unasked) return;
  const outcome = outcomeOf(reply);
  // A wrong token counts as a miss in the meta protocol, and not at all in the binary protocol.
  if (outcome === 'exists' && wire !== undefined && 'opcode' in wire) return;
  if (outcome !== 'deleted') counts.delete_misses++;
  else if (!invalidate) counts.delete_hits++;
}

export function countFlush(_: FlushAllRequest, __: Reply, counts: OperationCounts): void {
  counts.cmd_flush++;
}

export function countDebug(_: DebugRequest, __: Reply, counts: OperationCounts): void {
  counts.cmd_meta++;
}

/**
 * memcached counts a `set` before it finds out that the value is broken. It does not count a value of the binary
 * protocol that is too large.
 */
export function countInvalid({ line }: InvalidRequest, _: Reply, counts: OperationCounts): void {
  if (line === 'CLIENT_ERROR bad data chunk') counts.cmd_set++;
  else if (line === SERVER_ERROR_LINES.VALUE_TOO_LARGE) counts.store_too_large++;
}

function countGet(keys: number, found: number, counts: OperationCounts): void {
  counts.cmd_get += keys;
  counts.get_hits += found;
  counts.get_misses += keys - found;
}

function countTouches(keys: number, found: number, counts: OperationCounts): void {
  counts.cmd_touch += keys;
  counts.touch_hits += found;
  counts.touch_misses += keys - found;
}

function hitsIn(reply: Reply): number {
  return reply.kind === 'hits' ? reply.hits.length + (reply.hitsBefore ?? 0) : 0;
}

function outcomeOf(reply: Reply): string {
  return reply.kind === 'outcome' ? reply.outcome : '';
}
