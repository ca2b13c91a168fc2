import type { Effect } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';

/** Asks for the value of a write that the sender's own store has lost. */
export interface Fetch {
  readonly type: 'fetch';
  readonly id: number;
  readonly key: string;
  readonly version: Version;
}

/**
 * `found`: the value is in `effect`. `lost`: the same write is the newest here, but its value is gone as well.
 * `other`: another write is the newest here. `failed`: the store did not answer.
 */
export interface Fetched {
  readonly type: 'fetched';
  readonly id: number;
  readonly outcome: 'found' | 'lost' | 'other' | 'failed';
  readonly effect: Effect | null;
}

/** Asks for the values of many writes, which the sender's own store has to be filled with again. */
export interface FetchMany {
  readonly type: 'fetch-many';
  readonly id: number;
  readonly wanted: readonly Wanted[];
}

/** A write whose value is asked for. */
export interface Wanted {
  readonly key: string;
  readonly version: Version;
}

/** One outcome for each write that was asked for, in that order, and the writes that were found. */
export interface FetchedMany {
  readonly type: 'fetched-many';
  readonly id: number;
  readonly outcomes: readonly Fetched['outcome'][];
  readonly effects: readonly Effect[];
}

/** Messages about values that a store has lost. */
export type RestoreMessage = Fetch | Fetched | FetchMany | FetchedMany;

const TYPES: Readonly<Record<RestoreMessage['type'], true>> = {
  fetch: true,
  fetched: true,
  'fetch-many': true,
  'fetched-many': true,
};

export function isRestoreMessage(message: { readonly type: string }): message is RestoreMessage {
  return Object.hasOwn(TYPES, message.type);
}
