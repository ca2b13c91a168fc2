import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * Per origin, the newest version time up to which everything from that origin is known.
 * It only ever grows, origin by origin.
 */
export class VersionVector {
  readonly #times: VersionTime[];

  constructor(times: readonly VersionTime[]) {
    this.#times = [...times];
  }

  static zero(nodes: number): VersionVector {
    return new VersionVector(new Array<VersionTime>(nodes).fill(0));
  }

  timeOf(node: ControllerId): VersionTime {
    return this.#times[node] ?? 0;
  }

  covers(version: Version): boolean {
    return version.time <= this.timeOf(version.node);
  }

  /** Everything of this origin is now known up to this time. */
  advance(node: ControllerId, time: VersionTime): void {
    if (time > this.timeOf(node)) this.#times[node] = time;
  }

  merge(other: VersionVector): void {
    other.#times.forEach((time, node) => {
      this.advance(node, time);
    });
  }

  /** Nothing of any origin. */
  get isZero(): boolean {
    return this.#times.every((time) => time === 0);
  }

  /** True when everything that the other knows is known here too. */
  dominates(other: VersionVector): boolean {
    return other.#times.every((time, node) => time <= this.timeOf(node));
  }

  /**
   * The vector of a replica that has applied, in order, everything up to this version: at the version's own
   * time only the nodes up to its origin are settled.
   */
  settleUpTo(version: Version): void {
    this.#times.forEach((_, node) => {
      this.advance(node, node <= version.node ? version.time : version.time - 1);
    });
  }

  times(): readonly VersionTime[] {
    return [...this.#times];
  }
}
