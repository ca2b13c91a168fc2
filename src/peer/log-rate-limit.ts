import type { Clock } from '../base/clock.ts';

/** A log line about the same thing comes at most this often, one about something else at most that often. */
const SAME_MS = 60_000;
const OTHER_MS = 1_000;

/** Whoever sends what is refused must not be able to fill the log with it. */
export class LogRateLimit {
  readonly #clock: Clock;
  #last = '';
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns whether to tell of this now */
  isDue(reason: string): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lastMs < (reason === this.#last ? SAME_MS : OTHER_MS)) return false;
    this.#last = reason;
    this.#lastMs = nowMs;
    return true;
  }
}
