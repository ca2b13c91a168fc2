import type { MonotonicMs } from '../base/number-kinds.ts';
import type { Member } from './view.ts';

/** What became of a change of what the members agree on. */
export type ChangeOutcome =
  /** A view with the change is installed. */
  | { readonly kind: 'installed' }
  /** Another change came first, or a view of others than it is for. This one has not happened, and never will. */
  | { readonly kind: 'overtaken' }
  /** The time was over, or more than one change has come since. This one may have happened, or may still happen. */
  | { readonly kind: 'unknown' };

/** A change of a value that views carry, a placement or a configuration. Something at this controller has asked for it. */
export interface WantedChange<Value> {
  /** The value that it was made from. */
  readonly from: Value | null;
  readonly to: Value;
  /** Why the view changes. Human-readable. */
  readonly reason: string;
  readonly deadlineMs: MonotonicMs;
  /** Only a view of these members may carry it. */
  readonly isFor: (members: readonly Member[]) => boolean;
  /** Called once. */
  readonly done: (outcome: ChangeOutcome) => void;
}

/** What has to be known of such a value. Null stands for what the configuration file says. */
export interface AgreedValue<Value> {
  readonly same: (a: Value | null, b: Value | null) => boolean;
  /** Each change has the next epoch; 0 for null. */
  readonly epochOf: (value: Value | null) => number;
}

/**
 * The change that is under way at this controller: one at a time.
 *
 *  1. A change is carried by the next view that this controller proposes, whatever the reason for that view is.
 *  2. A view that continues another value than the change was made from does not carry it. Therefore of two
 *     changes that two controllers make from one value, one happens.
 *  3. The change is answered when a view is installed here whose value tells what became of it.
 *
 * A change that is not answered in time is given up. A view that carries it may still be installed.
 */
export class AgreedChange<Value> {
  readonly #value: AgreedValue<Value>;
  #wanted: WantedChange<Value> | null = null;

  constructor(value: AgreedValue<Value>) {
    this.#value = value;
  }

  get isUnderWay(): boolean {
    return this.#wanted !== null;
  }

  /** What is to be agreed on; null when no change is wanted. */
  get wanted(): Value | null {
    return this.#wanted?.to ?? null;
  }

  /** Why a view is to be proposed; null when no change is wanted. */
  get reason(): string | null {
    return this.#wanted?.reason ?? null;
  }

  /** Only while no other change is under way. */
  begin(change: WantedChange<Value>): void {
    this.#wanted = change;
  }

  /**
   * The value of a view of these members that continues one with this value.
   *
   * @param members null: whichever members it needs
   * @param mayBecome whether the other value of the view allows the change from the one to the other
   */
  after(
    value: Value | null,
    members: readonly Member[] | null,
    mayBecome: (to: Value, from: Value | null) => boolean = () => true,
  ): Value | null {
    const wanted = this.#wanted;
    if (wanted === null || !this.#value.same(value, wanted.from) || !mayBecome(wanted.to, value))
      return value;
    return members === null || wanted.isFor(members) ? wanted.to : value;
  }

  /** A view with this value is installed here. */
  onInstalled(
    value: Value | null,
    members: readonly Member[],
    mayBecome: (to: Value, from: Value | null) => boolean = () => true,
  ): void {
    const wanted = this.#wanted;
    const { same, epochOf } = this.#value;
    if (wanted === null) return;
    if (same(value, wanted.from)) {
      // The next view of these members could not carry the change either: it would be proposed again and again.
      // mutant: insists-on-a-change
      if (!wanted.isFor(members) || !mayBecome(wanted.to, value)) this.#end('overtaken');
      return;
    }
    const isNext = epochOf(value) === epochOf(wanted.to);
    this.#end(same(value, wanted.to) ? 'installed' : isNext ? 'overtaken' : 'unknown');
  }

  /** What was wanted must not happen any more. A view that carries it may still be installed. */
  giveUp(): void {
    if (this.#wanted !== null) this.#end('unknown');
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
