import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * For each origin, the version time up to which everything of that origin is known. The times only grow.
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
    if (time > this.timeOf(node)) this.#times[node] = time;
  }

  merge(other: VersionVector): void {
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
   */
  advanceAllTo(version: Version): void {
    this.#times.forEach((_, node) => {
      this.advance(node, node <= version.node ? version.time : version.time - 1);
    });
  }

  times(): readonly VersionTime[] {
    return [...this.#times];
  }
}
