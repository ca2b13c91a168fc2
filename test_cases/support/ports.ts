import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';

/** A clock whose monotonic and wall time are the number that a test gives. */
export function clockAt(nowMs: () => number): Clock {
  return { nowMs, wallMs: nowMs };
}

/** A log that drops every line. */
export const NO_LOG: Log = { info: () => {}, warn: () => {} };
