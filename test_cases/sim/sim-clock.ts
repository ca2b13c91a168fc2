import type { Clock } from '../../src/base/clock.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Wall time at the start of every simulation, in milliseconds since 1970. */
export const STARTED_AT_MS = Date.UTC(2026, 0, 1);

/** The largest error of a clock's rate: 0.5 %, ten times that of a bad quartz. */
export const DRIFT_MAX = 0.005;

/** How wrong a wall clock may be that a time service keeps right, in milliseconds. */
const BADLY_KEPT_MS = 5_000;

/** A monotonic clock starts anywhere up to this, in milliseconds, so that readings of two clocks cannot be compared. */
const OFFSET_MAX_MS = 1e9;

/** The clocks of one machine. They outlive its processes. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #offsetMs: number;
  /** Milliseconds that this clock counts in one virtual millisecond. */
  readonly rate: number;
  /** The error of the wall clock apart from its drift, in milliseconds. It may be set at any time. */
  skewMs = 0;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.rate = 1 + random.between(-DRIFT_MAX, DRIFT_MAX);
    this.#offsetMs = random.between(0, OFFSET_MAX_MS);
  }

  /** Monotonic. */
  nowMs(): number {
    return this.#offsetMs + this.#scheduler.nowMs * this.rate;
  }

  /** Milliseconds since 1970. This clock may jump. */
  wallMs(): number {
    return Math.floor(STARTED_AT_MS + this.#scheduler.nowMs * this.rate + this.skewMs);
  }

  /** Ends an error that is too large for a clock that a time service keeps right. */
  setRight(): void {
    if (Math.abs(this.skewMs) > BADLY_KEPT_MS) this.skewMs = 0;
  }

  /** The virtual milliseconds that pass while this clock counts `ms`. */
  virtualMs(ms: number): number {
    return ms / this.rate;
  }
}
