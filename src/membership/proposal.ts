import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { type Configuration, idsOf } from '../placement/configuration.ts';
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
  /** When the lease of each controller runs out at the latest, as far as the promises tell. */
  readonly leaseEndsMs: Map<ControllerId, MonotonicMs>;
  /** When the last lease of a controller that has not promised runs out, at the latest. */
  leasesEndMs: MonotonicMs;
  accept: Accept | null;
}

/** What a proposal begins with. */
export type NewProposal = Pick<Proposal, 'ballot' | 'reason' | 'without' | 'startedMs' | 'expected'>;

export function newProposal(given: NewProposal, configuration: Configuration): Proposal {
  const { startedMs } = given;
  return {
    ...given,
    promises: new Map(),
    accepted: new Set(),
    leaseEndsMs: new Map(idsOf(configuration).map((id) => [id, startedMs])),
    leasesEndMs: startedMs,
    accept: null,
  };
}

/**
 * When the leases of all controllers that did not promise have run out. A controller that has promised holds none.
 */
export function leasesEndMs({ promises, leaseEndsMs }: Proposal): MonotonicMs {
  const ends = [...leaseEndsMs].map(([holder, endMs]) => (promises.has(holder) ? -Infinity : endMs));
  // mutant: ignores-leases-left-out
  return Math.max(...ends);
}

export const NO_PROPOSAL = { ballot: NO_BALLOT, accept: null, accepted: new Set<number>(), leasesEndMs: 0 };
