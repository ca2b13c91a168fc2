interface Scheduled {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** How long an event-loop turn takes, in virtual milliseconds. */
export const TURN_MS = 0.02;

/** Virtual time. Events happen in the order of their times, and in the order of scheduling where times are equal. */
export class Scheduler {
  #nowMs = 0;
  #sequence = 0;
  readonly #heap: Scheduled[] = [];
  #error: { readonly thrown: unknown } | null = null;
  /** Whether events go on in promises: then an event is over when no promise has anything left to do. */
  asynchronous = false;

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence++, run });
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run);
  }

  /** Ends the run: `runUntil` throws this. */
  fail(thrown: unknown): void {
    this.#error ??= { thrown };
  }

  /** Runs all events up to this time. */
  async runUntil(untilMs: number): Promise<void> {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      this.#nowMs = first.atMs;
      first.run();
      // Runs once no promise has anything left to do, without a turn of the event loop.
      if (this.asynchronous) await new Promise<void>(process.nextTick);
      if (this.#error !== null) throw this.#error.thrown;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #less(a: number, b: number): boolean {
    const x = this.#heap[a]!;
    const y = this.#heap[b]!;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.sequence < y.sequence);
  }

  #swap(a: number, b: number): void {
    const x = this.#heap[a]!;
    this.#heap[a] = this.#heap[b]!;
    this.#heap[b] = x;
  }

  #push(event: Scheduled): void {
    this.#heap.push(event);
    let child = this.#heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#less(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      let smallest = parent;
      if (left < this.#heap.length && this.#less(left, smallest)) smallest = left;
      if (left + 1 < this.#heap.length && this.#less(left + 1, smallest)) smallest = left + 1;
      if (smallest === parent) return;
      this.#swap(parent, smallest);
      parent = smallest;
    }
  }
}
