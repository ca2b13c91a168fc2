import { Fifo } from '../../base/fifo.ts';
import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { type Ballot, compareBallots, NO_BALLOT } from '../../membership/ballot.ts';
import type { Member } from '../../membership/view.ts';
import type { Version } from '../../ordering/version.ts';
import type { Ticket } from './messages.ts';

/** What is known of the writes of one controller that were stamped. */
interface Stamped {
  readonly incarnation: number;
  /** The largest number that was stamped. */
  last: SequenceNumber;
  /** Those whose outcome their controller may not know, by number. */
  readonly versions: Fifo<{ readonly number: SequenceNumber; readonly version: Version }>;
}

/**
 * Which writes were stamped, by the controllers that asked for them. Every member keeps this, so that whichever becomes
 * the head stamps no write a second time.
 *
 *  1. The head stamps the writes of a controller in the order of their numbers. So all numbers up to the largest one
 *     were stamped, or never will be.
 *  2. A member that has received every request of a view's union knows of all stamped writes that any member applies.
 *     Any other member knows of those only that were stamped since that view began (`isKnown`).
 */
export class Tickets {
  readonly #stamped: (Stamped | undefined)[] = [];
  #since: Ballot = NO_BALLOT;

  /** @param knewAll see `OrderAgreement.begin` */
  begin(ballot: Ballot, members: readonly Member[], knewAll: boolean): void {
    // mutant: trusts-old-tickets
    if (!knewAll) {
      this.#stamped.length = 0;
      this.#since = ballot;
    }
    for (const { node, incarnation } of members)
      if (this.#stamped[node]?.incarnation !== incarnation)
        this.#stamped[node] = { incarnation, last: 0, versions: new Fifo() };
  }

  /** Whether it is known here of a write that was first asked for in this view if it was stamped. */
  isKnown(askedIn: Ballot): boolean {
    return compareBallots(askedIn, this.#since) >= 0;
  }

  last(node: ControllerId): SequenceNumber {
    return this.#stamped[node]?.last ?? 0;
  }

  add({ node, number }: Ticket, version: Version): void {
    const stamped = this.#stamped[node];
    if (stamped === undefined) return;
    stamped.last = Math.max(stamped.last, number);
    stamped.versions.push({ number, version });
  }

  /** Writes of this controller up to this number must not be stamped any more. */
  skip(node: ControllerId, number: SequenceNumber): void {
    const stamped = this.#stamped[node];
    if (stamped !== undefined) stamped.last = Math.max(stamped.last, number);
  }

  /** The version that the write got; null when it is not known any more. */
  versionOf(node: ControllerId, number: SequenceNumber): Version | null {
    const found = this.#stamped[node]?.versions.filter((known) => known.number === number) ?? [];
    return found[0]?.version ?? null;
  }

  /** The controller knows the outcomes of its writes up to this number. */
  settle(node: ControllerId, upTo: SequenceNumber): void {
    const versions = this.#stamped[node]?.versions;
    for (let first = versions?.first(); first !== undefined; first = versions?.first()) {
      if (first.number > upTo) return;
      versions?.shift();
    }
  }
}
