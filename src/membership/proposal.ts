import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { Configuration } from '../placement/configuration.ts';
import { linkedIn } from '../placement/forced.ts';
import { type Ballot, NO_BALLOT } from './ballot.ts';
import { CLOCK_DRIFT_MAX } from './lease.ts';
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
  /** When each promise came. */
  readonly promisedMs: Map<ControllerId, MonotonicMs>;
  /** When the last lease of a controller that has not promised runs out, at the latest. */
  leasesEndMs: MonotonicMs;
  accept: Accept | null;
}

/** What a proposal begins with. */
export type NewProposal = Pick<Proposal, 'ballot' | 'reason' | 'without' | 'startedMs' | 'expected'>;

export function newProposal(given: NewProposal): Proposal {
  const { startedMs } = given;
  return {
    ...given,
    promises: new Map(),
    accepted: new Set(),
    promisedMs: new Map(),
    leasesEndMs: startedMs,
    accept: null,
  };
}

/**
 * When the lease of a controller runs out at the latest, as far as the promises tell. A controller whose promise does
 * not name the holder may have granted it a lease in an earlier run, before it lost its memory.
 *
 * One that has accepted a view in this run has granted it none: a grant is for a member of the same view. Had an
 * earlier run granted one, then every later view had a configuration with the holder, and so has the accepted one.
 *
 * @param leaseMs the longest time for which a lease is granted
 */
export function leaseEndMs(proposal: Proposal, holder: ControllerId, leaseMs: number): MonotonicMs {
  const { promises, promisedMs, startedMs } = proposal;
  let endMs = startedMs;
  // Clocks may differ in rate.
  for (const [from, promise] of promises) {
    const unnamedMs = promise.acceptor.retention === 'intact' ? 0 : leaseMs;
    const forMs = (promise.leasesMs[holder] ?? unnamedMs) * (1 + CLOCK_DRIFT_MAX);
    endMs = Math.max(endMs, promisedMs.get(from)! + forMs);
  }
  return endMs;
}

/**
 * When the leases of all controllers that did not promise have run out. A controller that has promised holds none,
 * and neither does one that joins or follows: it was never a member. One that was removed by force may hold one.
 *
 * @param configuration names all that may hold one
 */
export function leasesEndMs(proposal: Proposal, configuration: Configuration, leaseMs: number): MonotonicMs {
  // mutant: forced-forgets-leases
  const holders = linkedIn(configuration)
    .filter(({ phase }) => phase !== 'joining' && phase !== 'following')
    .map(({ id }) => id);
  const silent = holders.filter((id) => !proposal.promises.has(id));
  const ends = silent.map((id) => leaseEndMs(proposal, id, leaseMs));
  // mutant: ignores-leases-left-out
  return Math.max(proposal.startedMs, ...ends);
}

/**
 * A missing promise may still come. Until the lease of its controller has run out, going on without the promise gains
 * nothing, because the view could not be installed before.
 *
 * @param heard peers that are heard now
 */
export function isWorthWaiting(
  proposal: Proposal,
  heard: readonly ControllerId[],
  leaseMs: number,
  nowMs: MonotonicMs,
): boolean {
  const { expected, promises, without, startedMs } = proposal;
  const missing = expected.filter((peer) => !promises.has(peer) && heard.includes(peer));
  return missing.some((peer) => {
    const wantedUntilMs = without.includes(peer) ? startedMs : startedMs + OTHERS_WITHIN_MS;
    return nowMs < Math.max(wantedUntilMs, leaseEndMs(proposal, peer, leaseMs));
  });
}

/**
 * How long the proposer waits for promises beyond a majority that it could do without, in milliseconds. Longer:
 * writes stop for longer when a controller that is heard fails just then. Shorter: views are formed without slow
 * controllers.
 */
const OTHERS_WITHIN_MS = 100;

export const NO_PROPOSAL = { ballot: NO_BALLOT, accept: null, accepted: new Set<number>(), leasesEndMs: 0 };

/**
 * A change that makes no step within this time is stuck, and another may follow it, in milliseconds. Shorter: a slow
 * change is overtaken again and again. Longer: a proposer that died stops all controllers for longer.
 */
export const PROMISES_WITHIN_MS = 300;
export const ACCEPTS_WITHIN_MS = 500;
