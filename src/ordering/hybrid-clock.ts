import type { ControllerId, VersionTime, WallMs } from '../base/number-kinds.ts';
import { type Version, versionTimeOfMs } from './version.ts';

/**
 * A hybrid logical clock (Kulkarni et al. 2014, in one integer): readings follow the time while it moves
 * forward, and count on from the largest reading seen when it does not.
 *
 * Invariant: every reading is larger than every reading given or observed before. A time that jumps back only
 * makes readings run ahead of it; one that jumps forward only makes them larger.
 */
export class HybridClock {
  readonly #node: ControllerId;
  readonly #timeMs: () => WallMs;
  #last: VersionTime = 0;

  /** @param timeMs milliseconds since 1970; the constant 0 makes this a purely logical clock */
  constructor(node: ControllerId, timeMs: () => WallMs) {
    this.#node = node;
    this.#timeMs = timeMs;
  }

  /** A version that is larger than all given and observed so far. */
  stamp(): Version {
    // mutant: repeats-version
    this.#last = Math.max(versionTimeOfMs(this.#timeMs()), this.#last + 1);
    return { time: this.#last, node: this.#node };
  }

  /** Moves past a version time that came from a peer. */
  observe(time: VersionTime): void {
    // mutant: clock-stays-behind
    if (time > this.#last) this.#last = time;
  }

  /** The largest version time that was given or observed; 0 when there was none. */
  get newest(): VersionTime {
    return this.#last;
  }
}
