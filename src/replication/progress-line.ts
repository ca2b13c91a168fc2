/** Says when a line about something that takes long may be written again: once a second, and not at the very start. */
export class ProgressLine {
  readonly #nowMs: () => number;
  #lastMs: number;

  /** @param nowMs monotonic */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** True at most once in `EVERY_MS`. */
  get isDue(): boolean {
    const now = this.#nowMs();
    if (now - this.#lastMs < EVERY_MS) return false;
    this.#lastMs = now;
    return true;
  }
}

const EVERY_MS = 1_000;
