import type { ControllerId, SequenceNumber } from '../../base/number-kinds.ts';
import type { Ballot } from '../../membership/ballot.ts';
import type { Effect, KeyEffect } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';
import type { Asked, ConditionVerdict } from '../asked.ts';

/** What the members of a chain send each other. */
export type ChainMessage =
  | ChainAsk
  | ChainRequest
  | ChainDown
  | ChainStable
  | ChainTold
  | ChainVerdict
  | ChainQuestion
  | ChainHolds;

/**
 * A write that a member has asked for: the member, and the number that it gave to the write in this run of it. The
 * verdict is that on a conditional request, or tells what a delete has found; otherwise null.
 */
export interface Ticket {
  readonly node: ControllerId;
  readonly number: SequenceNumber;
  readonly verdict: ConditionVerdict | null;
}

/** A place in the stream of a view: a write that was stamped, and who asked for it. */
export interface StreamItem {
  readonly effect: Effect;
  readonly ticket: Ticket;
}

/** What a member asks the head for: writes or requests with numbers in a row, first asked for in the same view. */
export interface AskHeader {
  readonly ballot: Ballot;
  /** The number of the first of them. */
  readonly firstNumber: SequenceNumber;
  /** The number that was asked for before them in this view and over this link; or `settled`. */
  readonly after: SequenceNumber;
  /** The view in which the first of them was first asked for. */
  readonly askedIn: Ballot;
  /** The sender knows the outcome of everything that it has asked for up to this number. */
  readonly settled: SequenceNumber;
}

/** From a member to the head: writes that the head is to stamp, in this order. */
export interface ChainAsk extends AskHeader {
  readonly type: 'chain-ask';
  /** They have no version yet. */
  readonly effects: readonly Effect[];
}

/** From a member to the head: conditional requests that the head is to decide, in any order. */
export interface ChainRequest extends AskHeader {
  readonly type: 'chain-request';
  readonly requests: readonly Asked[];
}

/** From a member to its successor: requests in the order of the head. */
export interface ChainDown {
  readonly type: 'chain-down';
  readonly ballot: Ballot;
  /** The place in the stream of the head of the first of `effects`. */
  readonly firstSeq: SequenceNumber;
  /** A plain set that the receiver has asked for comes without its value (`left-out-values.ts`). */
  readonly effects: readonly Effect[];
  /** Who has asked for each of `effects`. */
  readonly tickets: readonly Ticket[];
  /** The sender, and every member before it, keeps the stream up to this place: with durability `sync`, on its disk. */
  readonly kept: SequenceNumber;
  /** By member, in the order of the view, up to which number it knows the outcomes of its writes. */
  readonly settled: readonly SequenceNumber[];
}

/** From the tail to all: every member keeps the stream up to this place. */
export interface ChainStable {
  readonly type: 'chain-stable';
  readonly ballot: Ballot;
  readonly seq: SequenceNumber;
}

/** From the head to a member that asks again for what was stamped before, or may have been. */
export interface ChainTold {
  readonly type: 'chain-told';
  readonly ballot: Ballot;
  readonly number: SequenceNumber;
  /** The version that the write got; `NO_VERSION` when the head does not know whether it got one. */
  readonly version: Version;
  /** Of a conditional request, or a delete, that was stamped: what it changes, and the verdict. */
  readonly decision: Decision | null;
}

/** A conditional request that the head has decided, or a delete: what it changes. */
export interface Decision {
  readonly effect: KeyEffect;
  readonly verdict: ConditionVerdict;
}

/** From the head to a member: the request changes nothing, or could not be decided. */
export interface ChainVerdict {
  readonly type: 'chain-verdict';
  readonly ballot: Ballot;
  readonly number: SequenceNumber;
  readonly verdict: ConditionVerdict;
  /** Every member keeps the stream up to this place. The verdict rests on nothing that comes later. */
  readonly stable: SequenceNumber;
}

/** From a member to the tail, for all reads that the member had to begin since its question before: what holds? */
export interface ChainQuestion {
  readonly type: 'chain-question';
  readonly ballot: Ballot;
  readonly number: SequenceNumber;
}

/** From the tail to a member that has asked: what holds is what the stream up to this place leaves. */
export interface ChainHolds {
  readonly type: 'chain-holds';
  readonly ballot: Ballot;
  /** The number of the newest question that this answers. */
  readonly number: SequenceNumber;
  readonly seq: SequenceNumber;
}

export function isChainMessage(message: { readonly type: string }): message is ChainMessage {
  return message.type.startsWith('chain-');
}
