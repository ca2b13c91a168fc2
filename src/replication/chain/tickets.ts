import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import { type Ballot, compareBallots, NO_BALLOT } from '../../membership/ballot.ts';
import type { Member } from '../../membership/view.ts';
import { type Effect, isOfKey } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';
import type { Decision, Ticket } from './messages.ts';

/** A write that was stamped. */
export interface Stamped {
  readonly version: Version;
  /** Null unless the head has decided a conditional request. */
  readonly decision: Decision | null;
}

/** What is known of the writes of one controller. */
interface Known {
  readonly incarnation: number;
  /** The controller knows the outcomes of everything up to this number, and does not ask for it again. */
  settled: SequenceNumber;
  /** The writes above that number that were stamped. */
  readonly stamped: Map<SequenceNumber, Stamped>;
}

/**
 * Which writes were stamped, by the controllers that asked for them. Every member keeps this, so that whichever becomes
 * the head stamps no write a second time.
 *
 *  1. A controller asks again only for numbers whose outcomes it does not know. Everything below is forgotten, so what
 *     is kept is bounded by what its controller may have open at a time.
 *  2. A member that has received every request of a view's union knows of all stamped writes that any member applies.
 *     Any other member knows of those only that were stamped since that view began (`isKnown`). So does one in the
 *     first view of its run, although its disk has all of them: which requests they were is not on disk.
 *  3. Therefore a number that is known, not settled and not among the stamped ones was not stamped.
 */
export class Tickets {
  readonly #known: (Known | undefined)[] = [];
  /** Null before the first view of this run. */
  #since: Ballot | null = null;

  /** @param knewAll see `OrderAgreement.begin` */
  begin(ballot: Ballot, members: readonly Member[], knewAll: boolean): void {
    // mutant: trusts-old-tickets
    if (!knewAll) this.#forget(ballot);
    // mutant: knows-tickets-of-earlier-runs
    this.#since ??= ballot;
    for (const { node, incarnation } of members)
      if (this.#known[node]?.incarnation !== incarnation)
        this.#known[node] = { incarnation, settled: 0, stamped: new Map() };
  }

  #forget(since: Ballot): void {
    this.#known.length = 0;
    this.#since = since;
  }

  /** Whether it is known here of a write that was first asked for in this view if it was stamped. */
  isKnown(askedIn: Ballot): boolean {
    return compareBallots(askedIn, this.#since ?? NO_BALLOT) >= 0;
  }

  /** Undefined when it was not stamped, or is not known any more. */
  stamped(node: ControllerId, number: SequenceNumber): Stamped | undefined {
    return this.#known[node]?.stamped.get(number);
  }

  add({ node, number, verdict }: Ticket, effect: Effect): void {
    const known = this.#known[node];
    if (known === undefined || number <= known.settled) return;
    const decision = verdict === null || !isOfKey(effect) ? null : { effect, verdict };
    known.stamped.set(number, { version: effect.version, decision });
  }

  /** The controller knows the outcomes of its writes up to this number. @returns false when that was known */
  settle(node: ControllerId, upTo: SequenceNumber): boolean {
    const known = this.#known[node];
    if (known === undefined || upTo <= known.settled) return false;
    const { stamped, settled } = known;
    known.settled = upTo;
    if (stamped.size === 0) return true;
    if (upTo - settled > stamped.size) {
      for (const number of stamped.keys()) if (number <= upTo) stamped.delete(number);
    } else for (let number = settled + 1; number <= upTo; number++) stamped.delete(number);
    return true;
  }

  /** Up to which number the controller knows the outcomes of its writes. */
  settled(node: ControllerId): SequenceNumber {
    return this.#known[node]?.settled ?? 0;
  }

  /** How many stamped writes are kept. */
  get size(): number {
    return this.#known.reduce((sum, known) => sum + (known?.stamped.size ?? 0), 0);
  }
}
