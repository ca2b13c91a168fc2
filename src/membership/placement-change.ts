import type { MonotonicMs } from '../base/number-kinds.ts';
import { epochOf, type Placement, samePlacement } from '../placement/agreed-placement.ts';
import type { Member } from './view.ts';

/** What became of a change of the placement. */
export type ChangeOutcome =
  /** A view with the new placement is installed. */
  | { readonly kind: 'installed' }
  /** Another change came first, or a view of others than it is for. This one has not happened, and never will. */
  | { readonly kind: 'overtaken' }
  /** The time was over, or more than one change has come since. This one may have happened, or may still happen. */
  | { readonly kind: 'unknown' };

/** A change of the placement that a client of this controller has asked for. */
export interface WantedChange {
  /** The placement that it was made from. */
  readonly from: Placement | null;
  readonly to: Placement;
  /** Why the view changes. Human-readable. */
  readonly reason: string;
  readonly deadlineMs: MonotonicMs;
  /** Only a view of these members may carry it. */
  readonly isFor: (members: readonly Member[]) => boolean;
  /** Called once. */
  readonly done: (outcome: ChangeOutcome) => void;
}

/**
 * The change of the placement that is under way at this controller: one at a time.
 *
 *  1. A change is carried by the next view that this controller proposes, whatever the reason for that view is.
 *  2. A view that continues another placement than the change was made from does not carry it. Therefore of two
 *     changes that two controllers make from one placement, one happens.
 *  3. The change is answered when a view is installed here whose placement tells what became of it.
 *
 * A change that is not answered in time is given up. A view that carries it may still be installed.
 */
export class PlacementChange {
  #wanted: WantedChange | null = null;

  get isUnderWay(): boolean {
    return this.#wanted !== null;
  }

  /** Why a view is to be proposed; null when no change is wanted. */
  get reason(): string | null {
    return this.#wanted?.reason ?? null;
  }

  /** Only while no other change is under way. */
  begin(change: WantedChange): void {
    this.#wanted = change;
  }

  /** The placement of a view of these members that continues one with this placement. */
  after(placement: Placement | null, members: readonly Member[]): Placement | null {
    const wanted = this.#wanted;
    const isCarried = wanted !== null && samePlacement(placement, wanted.from) && wanted.isFor(members);
    return isCarried ? wanted.to : placement;
  }

  /** A view with this placement is installed here. */
  onInstalled(placement: Placement | null, members: readonly Member[]): void {
    const wanted = this.#wanted;
    if (wanted === null) return;
    if (samePlacement(placement, wanted.from)) {
      // The next view of these members could not carry the change either: it would be proposed again and again.
      // mutant: insists-on-a-change
      if (!wanted.isFor(members)) this.#end('overtaken');
      return;
    }
    const isNext = epochOf(placement) === epochOf(wanted.to);
    this.#end(samePlacement(placement, wanted.to) ? 'installed' : isNext ? 'overtaken' : 'unknown');
  }

  onTick(nowMs: MonotonicMs): void {
    if (this.#wanted !== null && nowMs >= this.#wanted.deadlineMs) this.#end('unknown');
  }

  #end(kind: ChangeOutcome['kind']): void {
    const { done } = this.#wanted!;
    this.#wanted = null;
    done({ kind });
  }
}
