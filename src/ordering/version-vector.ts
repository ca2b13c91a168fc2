import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * For each origin, the version time up to which everything of that origin is known. The times only grow.
 *
 * The place of an origin is its id. An origin without a place has the time 0: nothing of it is known.
 */
export class VersionVector {
  readonly #times: VersionTime[];

  constructor(times: readonly VersionTime[]) {
    this.#times = [...times];
  }

  static zero(idsEnd: number): VersionVector {
    return new VersionVector(new Array<VersionTime>(idsEnd).fill(0));
  }

  timeOf(node: ControllerId): VersionTime {
    return this.#times[node] ?? 0;
  }

  covers(version: Version): boolean {
    return version.time <= this.timeOf(version.node);
  }

  /** Everything of this origin is known up to this time now. */
  advance(node: ControllerId, time: VersionTime): void {
    if (time <= this.timeOf(node)) return;
    this.#widen(node + 1);
    this.#times[node] = time;
  }

  merge(other: VersionVector): void {
    this.#widen(other.#times.length);
    other.#times.forEach((time, node) => {
      this.advance(node, time);
    });
  }

  /** Nothing is known of any origin. */
  get isZero(): boolean {
    return this.#times.every((time) => time === 0);
  }

  /** Whether everything that the other vector covers is covered here too. */
  dominates(other: VersionVector): boolean {
    return other.#times.every((time, node) => time <= this.timeOf(node));
  }

  /**
   * Advances to the vector of a replica that has applied, in order, everything up to this version. Of the versions
   * with the same time, those of origins with larger ids come later, so for these origins the vector ends one
   * before that time.
   *
   * @param idsEnd one more than the largest id of an origin: an origin that was added later gets its place here
   */
  advanceAllTo(version: Version, idsEnd: number): void {
    this.#widen(Math.max(idsEnd, version.node + 1));
    for (let node = 0; node < this.#times.length; node++)
      this.advance(node, node <= version.node ? version.time : version.time - 1);
  }

  times(): readonly VersionTime[] {
    return [...this.#times];
  }

  /** The vector never gets narrower: an origin that is gone has left writes behind. */
  #widen(idsEnd: number): void {
    while (this.#times.length < idsEnd) this.#times.push(0);
  }
}
