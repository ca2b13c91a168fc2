import { type Ballot, NO_BALLOT } from './ballot.ts';
import type { Accept, Promised } from './messages.ts';

/** A proposal of this controller's. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly reason: string;
  /** Controllers that the view is to do without, though they may promise. */
  readonly without: readonly number[];
  readonly startedMs: number;
  /** Controllers whose promise is waited for a little, beyond the majority. */
  readonly expected: readonly number[];
  readonly promises: Map<number, Promised>;
  readonly accepted: Set<number>;
  /** Per controller, when its lease runs out at the latest, as far as those who promised have granted one. */
  readonly leaseEndsMs: number[];
  /** When the last lease of somebody who did not promise has run out, at the latest. */
  leasesEndMs: number;
  accept: Accept | null;
}

export const NO_PROPOSAL = { ballot: NO_BALLOT, accept: null, accepted: new Set<number>(), leasesEndMs: 0 };
