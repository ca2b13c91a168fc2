import type { Clock } from '../../src/base/clock.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Wall time at the start of every simulation, milliseconds since 1970. */
export const STARTED_AT_MS = Date.UTC(2026, 0, 1);

/** How far a clock's rate is off at the most: 0.5 %, ten times what a bad quartz is. */
export const DRIFT_MAX = 0.005;

/** How wrong a wall clock may be that is looked after, in milliseconds. */
const BADLY_KEPT_MS = 5_000;

/** Where a monotonic clock may start, in milliseconds: it says nothing about any other clock. */
const OFFSET_MAX_MS = 1e9;

/** The clocks of one machine: they outlive its processes. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #offsetMs: number;
  /** Milliseconds that this clock counts in one of virtual time. */
  readonly rate: number;
  /** By how much the wall clock is wrong, beside its drift, in milliseconds; to be set at any time. */
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

  /** Milliseconds since 1970; it jumps. */
  wallMs(): number {
    return Math.floor(STARTED_AT_MS + this.#scheduler.nowMs * this.rate + this.skewMs);
  }

  /** Ends an error that no clock has which is looked after. */
  setRight(): void {
    if (Math.abs(this.skewMs) > BADLY_KEPT_MS) this.skewMs = 0;
  }

  /** Virtual milliseconds that go by while this clock counts `ms`. */
  virtualMs(ms: number): number {
    return ms / this.rate;
  }
}
