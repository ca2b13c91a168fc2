import type { Clock } from '../base/clock.ts';

/** Says when a line about something that takes long may be logged again: once a second, and not at the very start. */
export class ProgressLog {
  readonly #clock: Clock;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
  }

  /** Takes the right to write a line. @returns true at most once in `EVERY_MS` */
  take(): boolean {
    const now = this.#clock.nowMs();
    if (now - this.#lastMs < EVERY_MS) return false;
    this.#lastMs = now;
    return true;
  }
}

const EVERY_MS = 1_000;
