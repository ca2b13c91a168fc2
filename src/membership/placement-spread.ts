import type { ControllerId } from '../base/number-kinds.ts';
import { epochOf, type Placement } from '../placement/agreed-placement.ts';
import { type Configuration, everVotedOf } from '../placement/configuration.ts';
import type { View } from './view.ts';

/**
 * Which controllers go by the newest placement that is known here, or have ended their part in older ones.
 *
 * Every member of an installed view had accepted its placement before the view was installed. A controller that was in
 * no view with the placement, as far as this run knows, may still go by an older one.
 */
export class PlacementSpread {
  readonly #configuration: () => Configuration;
  #epoch = 0;
  readonly #aware = new Set<ControllerId>();

  constructor(configuration: () => Configuration) {
    this.#configuration = configuration;
  }

  /** A view is installed here. */
  onView({ placement, members }: View): void {
    this.onPlacement(placement);
    for (const { node } of members) this.#aware.add(node);
  }

  /** This placement was accepted by an earlier run. */
  onPlacement(placement: Placement | null): void {
    const epoch = epochOf(placement);
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#aware.clear();
  }

  /**
   * Controllers that may go by an older placement; none while the cluster goes by its configuration. One that stops
   * voting counts as well: it may not have heard of that either, and so still answer reads at `sequential`.
   */
  get unaware(): readonly ControllerId[] {
    if (this.#epoch === 0) return [];
    // mutant: counts-all-aware
    return everVotedOf(this.#configuration()).filter((node) => !this.#aware.has(node));
  }
}
