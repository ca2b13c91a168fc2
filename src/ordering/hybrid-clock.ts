import type { ControllerId, VersionTime, WallMs } from '../base/number-kinds.ts';
import { type Version, versionTimeOfMs } from './version.ts';

/**
 * A hybrid logical clock (Kulkarni et al. 2014, in one integer). Its readings follow the time while that moves forward;
 * otherwise they count up from the largest reading so far.
 *
 * Invariant: every reading is larger than every reading that was given or observed before. When the time jumps
 * back, the readings run ahead of it; when it jumps forward, they become larger.
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

  /** A version that is larger than all versions that were given or observed so far. */
  stamp(): Version {
    // mutant: repeats-version
    this.#last = Math.max(versionTimeOfMs(this.#timeMs()), this.#last + 1);
    return { time: this.#last, node: this.#node };
  }

  /** Moves the clock past a version time that came from a peer. */
  observe(time: VersionTime): void {
    // mutant: clock-stays-behind
    if (time > this.#last) this.#last = time;
  }

  /** The largest version time that was given or observed; 0 when there is none. */
  get latest(): VersionTime {
    return this.#last;
  }
}
