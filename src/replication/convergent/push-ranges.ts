import type { ControllerId } from '../../base/number-kinds.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { Push } from './messages.ts';

/**
 * For each peer, the range of its writes that pushes have brought without a gap: all after `start`, up to `end`. The
 * peer's entry of the version vector moves to the end of the range once everything before the range is known.
 */
export class PushRanges {
  readonly #vector: VersionVector;
  readonly #ranges = new Map<number, { readonly start: number; end: number }>();

  constructor(vector: VersionVector) {
    this.#vector = vector;
  }

  /** The writes of the push have been taken in. */
  add(from: ControllerId, { previousTime, effects }: Push): void {
    const last = effects.at(-1);
    if (last === undefined) return;
    const run = this.#ranges.get(from);
    if (run !== undefined && previousTime <= run.end) run.end = last.version.time;
    else this.#ranges.set(from, { start: previousTime, end: last.version.time });
    this.advanceEntryOf(from);
  }

  /** Moves the peer's entry, if what is known of the peer reaches to the start of its range. */
  advanceEntryOf(peer: ControllerId): void {
    const run = this.#ranges.get(peer);
    // mutant: vector-over-missed-pushes
    if (run !== undefined && this.#vector.timeOf(peer) >= run.start) this.#vector.advance(peer, run.end);
  }

  /** A push of the peer was ignored, or may be lost: the next push begins a new range. */
  forget(peer: ControllerId): void {
    this.#ranges.delete(peer);
  }
}
