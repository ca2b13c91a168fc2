/** A log line about the same thing comes at most this often, one about something else at most that often. */
const SAME_MS = 60_000;
const OTHER_MS = 1_000;

/** Whoever sends what is refused must not be able to fill the log with it. */
export class NoticeLimit {
  readonly #nowMs: () => number;
  #last = '';
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns whether to tell of this now */
  isDue(reason: string): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < (reason === this.#last ? SAME_MS : OTHER_MS)) return false;
    this.#last = reason;
    this.#lastMs = nowMs;
    return true;
  }
}
