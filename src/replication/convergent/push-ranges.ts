import type { ControllerId } from '../../base/number-kinds.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { Push } from './messages.ts';

/**
 * Per peer, the stretch of its writes that came by pushes without a gap: all after `start`, up to `end`. The peer's entry
 * of the version vector follows such a stretch once everything before the stretch is known.
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

  /** What was known of the peer may now reach to where its pushes began. */
  advanceEntryOf(peer: ControllerId): void {
    const run = this.#ranges.get(peer);
    // mutant: vector-over-missed-pushes
    if (run !== undefined && this.#vector.timeOf(peer) >= run.start) this.#vector.advance(peer, run.end);
  }

  /** A push of the peer was not taken in, or may be lost: the next one begins a new stretch. */
  forget(peer: ControllerId): void {
    this.#ranges.delete(peer);
  }
}
