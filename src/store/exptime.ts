import { NEVER } from '../protocol/expiry.ts';
import { EXPTIME_RELATIVE_SECONDS_MAX } from '../protocol/limits.ts';

/**
 * Seconds added to every relative `exptime`. memcached's clock stands still for up to a second and is read
 * in whole seconds (`clock_handler` in its memcached.c): one for that, one for the way there.
 */
const MARGIN_SECONDS = 2;

/** Seconds added to an absolute one, which memcached compares with a clock that need not agree with ours. */
const ABSOLUTE_MARGIN_SECONDS = 60 * 60;

/** `exptime` is 32 bits unsigned on the wire. */
const EXPTIME_MAX = 2 ** 32 - 1;

const MEMCACHED_NEVER = 0;

/**
 * An `exptime` with which memcached forgets an entry soon after `expiresAtMs`, and never before it: a replica
 * that forgot earlier than the others would answer differently. Relative where the protocol allows, since
 * then the host of memcached may have any time of day.
 *
 * @param expiresAtMs milliseconds since 1970, 0 for never
 * @param nowMs wall clock, milliseconds since 1970
 */
export function memcachedExptime(expiresAtMs: number, nowMs: number): number {
  if (expiresAtMs === NEVER) return MEMCACHED_NEVER;
  const seconds = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000)) + MARGIN_SECONDS;
  if (seconds <= EXPTIME_RELATIVE_SECONDS_MAX) return seconds;
  const unixSeconds = Math.ceil(expiresAtMs / 1000) + ABSOLUTE_MARGIN_SECONDS;
  return unixSeconds > EXPTIME_MAX ? MEMCACHED_NEVER : unixSeconds;
}
