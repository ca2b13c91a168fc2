import type { OrderedGroup } from '../../src/controller/core-reports.ts';

/** The views that controllers have served in, by the number of the group. */
export class ViewWatch {
  readonly #ballots = new Map<number, Set<string>>();

  look(groups: readonly OrderedGroup[]): void {
    for (const { number, views } of groups) {
      const ballot = views.view?.ballot;
      if (ballot === undefined) continue;
      const seen = this.#ballots.get(number) ?? new Set();
      this.#ballots.set(number, seen.add(`${ballot.counter}.${ballot.node}`));
    }
  }

  /** How many views there were in all groups. */
  get all(): number {
    return [...this.#ballots.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** How many there were in the group with the most. */
  get mostInAGroup(): number {
    return Math.max(0, ...[...this.#ballots.values()].map(({ size }) => size));
  }

  /** How many there were in each group until now. */
  counts(): ReadonlyMap<number, number> {
    return new Map([...this.#ballots].map(([number, { size }]) => [number, size]));
  }

  /** By how many views the group with the most of them has changed since then. */
  changesSince(counts: ReadonlyMap<number, number>): number {
    const changes = [...this.counts()].map(([number, count]) => count - (counts.get(number) ?? 0));
    return Math.max(0, ...changes);
  }
}
