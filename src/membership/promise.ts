import type { Acceptor } from './acceptor.ts';
import type { Ballot } from './ballot.ts';
import type { AcceptorState, Promised } from './messages.ts';
import type { ViewChangerPorts } from './view-changer-ports.ts';

/** What a promise reads. */
type PromisePorts = Pick<ViewChangerPorts, 'state' | 'journal' | 'leasesMs' | 'heard' | 'isCaughtUp'>;

/** The promise of this controller, with all that the proposer has to know of it. */
export function promiseOf(
  { state, journal, leasesMs, heard, isCaughtUp }: PromisePorts,
  { placement, configuration }: Acceptor,
  acceptor: AcceptorState,
  ballot: Ballot,
): Promised {
  return {
    type: 'promised',
    ballot,
    acceptor,
    applied: state.applied,
    leasesMs: leasesMs(),
    hears: heard(),
    caughtUp: isCaughtUp(),
    journalFails: journal.journalTrouble !== '',
    // mutant: promises-without-queue
    queue: state.queued(),
    partial: state.isPartial,
    placement,
    configuration,
  };
}
