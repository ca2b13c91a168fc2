import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';

/** A clock that shows what a test says; its wall clock shows the same. */
export function clockAt(nowMs: () => number): Clock {
  return { nowMs, wallMs: nowMs };
}

/** A log that keeps nothing. */
export const NO_LOG: Log = { info: () => {}, warn: () => {} };
