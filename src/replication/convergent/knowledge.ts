import type { ControllerId, VersionTime } from '../../base/number-kinds.ts';
import { type Stretch, Stretches } from '../../ordering/stretches.ts';
import type { Version } from '../../ordering/version.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';

/** Stretches of one origin that are remembered beside the vector. The oldest is forgotten when there are more. */
const STRETCHES_MAX = 4;

/**
 * The writes that a replica at `causal` shows. For most origins that is everything up to a time, as the version vector
 * has it; beside it are stretches of which the vector can not tell, since what came before them may be missing.
 *
 * Invariant: it is causally closed. Whoever sees all of it sees also what any of these writes depends on, apart from
 * dependencies that are attached to a write.
 */
export class Knowledge {
  readonly vector: VersionVector;
  readonly #apart = new Stretches();
  readonly #isComplete: (origin: ControllerId) => boolean;

  /**
   * @param vector that exchanges and completed writes move, too
   * @param isComplete what the origin has ever written in the group is here, or nowhere
   */
  constructor(vector: VersionVector, isComplete: (origin: ControllerId) => boolean = () => false) {
    this.vector = vector;
    this.#isComplete = isComplete;
  }

  has({ origin, from, to }: Stretch): boolean {
    const isKnown = to <= this.vector.timeOf(origin) || this.#apart.has({ origin, from, to });
    // mutant: waits-for-origins-that-are-gone
    return isKnown || this.#isComplete(origin);
  }

  covers(needs: Stretches): boolean {
    for (const one of needs) if (!this.has(one)) return false;
    return true;
  }

  /** The first that is not known; null when all is. */
  missingOf(needs: Stretches): Stretch | null {
    for (const one of needs) if (!this.has(one)) return one;
    return null;
  }

  /** No write that is named and not known is newer than this. */
  newestMissing(needs: Stretches): VersionTime {
    let newest = 0;
    // mutant: waits-for-nothing-missing
    for (const one of needs) if (!this.has(one)) newest = Math.max(newest, one.to);
    return newest;
  }

  /** Everything of the origin up to this time is known, or everything since some earlier one. */
  reaches(origin: ControllerId, time: VersionTime): boolean {
    if (time <= this.vector.timeOf(origin) || this.#isComplete(origin)) return true;
    return this.#apart.of(origin).some(({ from, to }) => from <= time && time <= to);
  }

  add(origin: ControllerId, from: VersionTime, to: VersionTime): void {
    if (from <= this.vector.timeOf(origin)) this.vector.advance(origin, to);
    else this.#apart.add(origin, from, to);
    this.#join(origin);
    this.#apart.forgetOldest(STRETCHES_MAX);
  }

  merge(known: Iterable<Stretch>): void {
    for (const { origin, from, to } of known) this.add(origin, from, to);
  }

  /** What has to be known for this write to be: the stretch that begins where this replica's own knowledge begins. */
  stretchOf({ node, time }: Version): Stretch {
    if (time <= this.vector.timeOf(node) || this.#isComplete(node))
      return { origin: node, from: 0, to: time };
    return { origin: node, from: this.#apart.at(node, time)?.from ?? time - 1, to: time };
  }

  /** All of it. */
  *all(): Generator<Stretch> {
    for (const [origin, time] of this.vector.times().entries()) {
      if (time > 0) yield { origin, from: 0, to: time };
      yield* this.#apart.of(origin);
    }
  }

  /** The vector has moved: stretches that it reaches now are part of it. */
  settle(): void {
    for (let origin = 0; origin < this.vector.times().length; origin++) this.#join(origin);
  }

  #join(origin: ControllerId): void {
    for (const { from, to } of this.#apart.of(origin))
      if (from <= this.vector.timeOf(origin)) this.vector.advance(origin, to);
    this.#apart.remove(origin, this.vector.timeOf(origin));
  }
}
