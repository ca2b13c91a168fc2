import type { WallMs } from '../base/number-kinds.ts';
import { EXPTIME_RELATIVE_SECONDS_MAX } from './limits.ts';

/** An absolute expiry that never comes. */
export const NEVER = 0;

/** An absolute expiry that has passed on every clock. */
export const ALREADY_EXPIRED = 1;

/**
 * Turns a client's `exptime` into an absolute time. Only the controller that evaluates the request does so, once, so
 * that the entry expires at the same moment on every replica.
 *
 * @param exptime seconds: 0 for never, negative for at once, up to 30 days from now, above that unix time
 * @param nowMs cluster time, milliseconds since 1970
 * @returns milliseconds since 1970, `NEVER`, or `ALREADY_EXPIRED`
 */
export function absoluteExpiryMs(exptime: number, nowMs: WallMs): WallMs {
  if (exptime === 0) return NEVER;
  if (exptime < 0) return ALREADY_EXPIRED;
  if (exptime <= EXPTIME_RELATIVE_SECONDS_MAX) return nowMs + exptime * 1000;
  return exptime * 1000;
}

/**
 * When a `flush_all` with a delay takes effect. As in memcached, that is one second before the time that the delay
 * names, so that a delay of one second means at once.
 *
 * @param delay as `exptime`, not negative
 * @returns milliseconds since 1970, or 0 for at once
 */
export function flushAtMs(delay: number, nowMs: WallMs): WallMs {
  return delay <= 1 ? 0 : absoluteExpiryMs(delay, nowMs) - 1000;
}

export function isExpired(expiresAtMs: WallMs, nowMs: WallMs): boolean {
  return expiresAtMs !== NEVER && expiresAtMs <= nowMs;
}

/** Seconds until an absolute expiry, rounded up; -1 for never. */
export function ttlSeconds(expiresAtMs: WallMs, nowMs: WallMs): number {
  return expiresAtMs === NEVER ? -1 : Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000));
}
