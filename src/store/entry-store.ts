import type { StoreError, StoreState } from './driver.ts';
import type { Entry } from './entry.ts';

/**
 * A replica's entries, as the engines see them. The invariants of `KvDriver` hold here too: effects and
 * answers come in the order of the calls, every `done` is called once and after its call has returned, and
 * an error is never a miss.
 */
export interface EntryStore {
  readonly state: StoreState;

  /** The entry as stored, expired or not, or null. Its value must not be written to. */
  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void;

  /** After an error the key holds the old entry, the new one, or none. */
  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void;

  /** A key that is not there is no error. */
  delete(key: string, done: (error: StoreError | null) => void): void;

  /** Which process it is, and what it had to throw away. In its turn among the operations. */
  instanceInfo(done: (error: StoreError | null, info: StoreInstance | null) => void): void;
}

/** For a group that has no entries. */
export const NO_STORE: EntryStore = Object.freeze({
  state: Object.freeze({ up: false, reason: 'there is none' } as const),
  get: (_key, done) => done(null, null),
  set: (_key, _entry, done) => done(null),
  delete: (_key, done) => done(null),
  instanceInfo: (done) => done(null, null),
} satisfies EntryStore);

/** What tells one instance of a store from another, as far as the store says so. */
export interface StoreInstance {
  /** For people: `pid 4711 since 2026-01-31T09:00:00Z`. Another process has another; null when it can't be told. */
  readonly instance: string | null;
  /** Entries that it threw away to make room, since it was started; null when it does not count them. */
  readonly evictions: number | null;
}
