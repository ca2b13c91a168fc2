import type { VersionTime } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import type { Attached } from '../convergent/messages.ts';

export interface SyncRequest {
  readonly type: 'sync-request';
  readonly exchange: number;
  readonly known: readonly VersionTime[];
  /** Up to where the sender may have forgotten deletions. */
  readonly forgotten: readonly VersionTime[];
  /** The sender has no records at all. */
  readonly empty: boolean;
}

/** The answer to a request of a controller with a deletion gap. */
export interface SyncLapsed {
  readonly type: 'sync-lapsed';
  readonly exchange: number;
}

/** A part of the answer to a request, oldest writes first. The next part waits for `sync-next`. */
export interface SyncResponse {
  readonly type: 'sync-response';
  readonly exchange: number;
  /** Writes in all parts of the answer. */
  readonly total: number;
  /** Up to where the sender may have forgotten deletions. It forgets none of them during the exchange. */
  readonly forgotten: readonly VersionTime[];
  readonly effects: readonly Effect[];
}

export interface SyncNext {
  readonly type: 'sync-next';
  readonly exchange: number;
}

/** The exchange is complete: the receiver now knows what the vector says. */
export interface SyncComplete {
  readonly type: 'sync-complete';
  readonly exchange: number;
  readonly known: readonly VersionTime[];
}

/** Before a part of the answer, and before its end, where an exchange is shown as a whole. */
export interface SyncShows {
  readonly type: 'sync-shows';
  readonly exchange: number;
  /** What the sender shows now. A receiver of all parts up to here has to show as much, to show any of it. */
  readonly shows: readonly Stretch[];
  /** What the sender would have to show beside, for all to be causally closed; empty where it is. */
  readonly lacks: readonly Stretch[];
  /** Of the writes in the part that follows. */
  readonly attached: readonly Attached[];
}

/** Messages of one exchange between two controllers. */
export type ExchangeMessage = SyncRequest | SyncLapsed | SyncShows | SyncResponse | SyncNext | SyncComplete;

const TYPES: Readonly<Record<ExchangeMessage['type'], true>> = {
  'sync-request': true,
  'sync-response': true,
  'sync-lapsed': true,
  'sync-shows': true,
  'sync-next': true,
  'sync-complete': true,
};

export function isExchangeMessage(message: { readonly type: string }): message is ExchangeMessage {
  return Object.hasOwn(TYPES, message.type);
}
