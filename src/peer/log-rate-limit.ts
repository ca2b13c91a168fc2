import type { Clock } from '../base/clock.ts';

/** Least time between two log lines with the same reason, and between any two, in milliseconds. */
const SAME_MS = 60_000;
const OTHER_MS = 1_000;

/** Keeps a sender whose connections or messages are refused from filling the log. */
export class LogRateLimit {
  readonly #clock: Clock;
  #last = '';
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns whether a line with this reason may be logged now */
  isDue(reason: string): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lastMs < (reason === this.#last ? SAME_MS : OTHER_MS)) return false;
    this.#last = reason;
    this.#lastMs = nowMs;
    return true;
  }
}
