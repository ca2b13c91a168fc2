import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { type Ballot, NO_BALLOT } from './ballot.ts';
import type { Accept, Promised } from './messages.ts';

/** A view that this controller proposes. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly reason: string;
  /** Controllers that the view is to leave out if it can, although they may promise. */
  readonly without: readonly ControllerId[];
  readonly startedMs: MonotonicMs;
  /** Controllers whose promise is waited for a little, beyond a majority. */
  readonly expected: readonly ControllerId[];
  readonly promises: Map<ControllerId, Promised>;
  readonly accepted: Set<number>;
  /** Per controller, when its lease runs out at the latest, as far as the promises tell. */
  readonly leaseEndsMs: MonotonicMs[];
  /** When the last lease of a controller that has not promised runs out, at the latest. */
  leasesEndMs: MonotonicMs;
  accept: Accept | null;
}

export const NO_PROPOSAL = { ballot: NO_BALLOT, accept: null, accepted: new Set<number>(), leasesEndMs: 0 };
