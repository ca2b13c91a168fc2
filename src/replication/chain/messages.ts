import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';

/** What the members of a chain send each other. */
export type ChainMessage = ChainAsk | ChainDown | ChainStable | ChainTold;

/** A write that a member has asked for: the member, and the number that it gave to the write in this run of it. */
export interface Ticket {
  readonly node: ControllerId;
  readonly number: SequenceNumber;
}

/** From a member to the head: writes that the head is to stamp, in this order. */
export interface ChainAsk {
  readonly type: 'chain-ask';
  readonly ballot: Ballot;
  /** The number of the first of `effects`. */
  readonly firstNumber: SequenceNumber;
  /** The number of the write that was asked for before them, or `settled`. */
  readonly after: SequenceNumber;
  /** The view in which the first of them was first asked for. */
  readonly askedIn: Ballot;
  /** The sender knows the outcome of every write of its own up to this number. */
  readonly settled: SequenceNumber;
  /** They have no version yet. */
  readonly effects: readonly Effect[];
}

/** From a member to its successor: requests in the order of the head. */
export interface ChainDown {
  readonly type: 'chain-down';
  readonly ballot: Ballot;
  /** The place in the stream of the head of the first of `effects`. */
  readonly firstSeq: SequenceNumber;
  readonly effects: readonly Effect[];
  /** Who has asked for each of `effects`. */
  readonly tickets: readonly Ticket[];
  /** The sender, and every member before it, keeps the stream up to this place: with durability `sync`, on its disk. */
  readonly kept: SequenceNumber;
  /** Per controller, up to which number it knows the outcomes of its writes. */
  readonly settled: readonly SequenceNumber[];
}

/** From the tail to all: every member keeps the stream up to this place. */
export interface ChainStable {
  readonly type: 'chain-stable';
  readonly ballot: Ballot;
  readonly seq: SequenceNumber;
}

/** From the head to a member that asks in a new view for a write that was stamped in an earlier one, or may have been. */
export interface ChainTold {
  readonly type: 'chain-told';
  readonly ballot: Ballot;
  readonly number: SequenceNumber;
  /** The version that the write got; `NO_VERSION` when the head does not know whether it got one. */
  readonly version: Version;
}

export function isChainMessage(message: { readonly type: string }): message is ChainMessage {
  return message.type.startsWith('chain-');
}
