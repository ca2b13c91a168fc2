import { msOfVersionTime, TICKS_PER_MS, VERSION_EPOCH_MS, type Version } from './version.ts';

/**
 * A hybrid logical clock (Kulkarni et al. 2014, in one integer): readings follow the wall clock while it
 * moves forward, and count on from the largest reading seen when it does not.
 *
 * Invariant: every reading is larger than every reading given or observed before. A wall clock that jumps
 * back only makes readings run ahead of it; one that jumps forward only makes them larger.
 */
export class HybridClock {
  readonly #node: number;
  readonly #wallMs: () => number;
  #last = 0;

  /** @param wallMs milliseconds since 1970; the constant 0 makes this a purely logical clock */
  constructor(node: number, wallMs: () => number) {
    this.#node = node;
    this.#wallMs = wallMs;
  }

  /** A version that is larger than all given and observed so far. */
  stamp(): Version {
    const physical = (this.#wallMs() - VERSION_EPOCH_MS) * TICKS_PER_MS;
    const next = this.#last + 1;
    this.#last = physical > next ? Math.floor(physical) : next;
    return { time: this.#last, node: this.#node };
  }

  /** Moves past a version time that came from a peer. */
  observe(time: number): void {
    if (time > this.#last) this.#last = time;
  }

  /** The largest time given or observed. */
  get last(): number {
    return this.#last;
  }

  /** How far a version time is ahead of this wall clock, in milliseconds; negative when behind. */
  aheadMs(time: number): number {
    return msOfVersionTime(time) - this.#wallMs();
  }
}
