import { TICKS_PER_MS, type Version, versionTimeOfMs } from './version.ts';

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
    this.#last = Math.max(this.#physical(), this.#last + 1);
    return { time: this.#last, node: this.#node };
  }

  /** Moves past a version time that came from a peer. */
  observe(time: number): void {
    if (time > this.#last) this.#last = time;
  }

  /** The wall clock, for peers to compare theirs with. */
  wallTime(): number {
    return this.#physical();
  }

  /** What this clock reads; gives no version. */
  reading(): number {
    return Math.max(this.#physical(), this.#last);
  }

  /** How far a version time is ahead of this wall clock, in milliseconds; negative when behind. */
  aheadMs(time: number): number {
    return (time - this.#physical()) / TICKS_PER_MS;
  }

  #physical(): number {
    return versionTimeOfMs(this.#wallMs());
  }
}
