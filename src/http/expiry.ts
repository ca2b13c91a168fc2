import { EXPTIME_RELATIVE_SECONDS_MAX } from '../protocol/limits.ts';

/**
 * An expiry as a request of memcached's protocols has it: seconds from now up to 30 days, beyond that seconds since
 * 1970.
 *
 * @param ttlSeconds null for never
 */
export function exptimeOf(ttlSeconds: number | null, nowMs: number): number {
  if (ttlSeconds === null) return 0;
  return ttlSeconds <= EXPTIME_RELATIVE_SECONDS_MAX ? ttlSeconds : Math.floor(nowMs / 1000) + ttlSeconds;
}
