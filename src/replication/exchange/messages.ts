import type { VersionTime } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';

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

/** Messages of one exchange between two controllers. */
export type ExchangeMessage = SyncRequest | SyncLapsed | SyncResponse | SyncNext | SyncComplete;

const TYPES: Readonly<Record<ExchangeMessage['type'], true>> = {
  'sync-request': true,
  'sync-response': true,
  'sync-lapsed': true,
  'sync-next': true,
  'sync-complete': true,
};

export function isExchangeMessage(message: { readonly type: string }): message is ExchangeMessage {
  return Object.hasOwn(TYPES, message.type);
}
