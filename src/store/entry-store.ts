import type { StoreError, StoreState } from './driver.ts';
import type { Entry, EntryPart } from './entry.ts';

/**
 * The entries of a replica, as a scheme sees them. The invariants of `KvDriver` hold here too: operations take effect
 * and are answered in the order of the calls, every `done` is called once and after its call has returned, and an
 * error is never a miss.
 */
export interface EntryStore {
  readonly state: StoreState;

  /** The entry as stored, expired or not; null when there is none. The caller must not change its value. */
  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void;

  /** After an error the key holds the old entry, the new one, or none. */
  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void;

  /**
   * Adds bytes to the entry of the key. Unless that has the version of the part's base, the store may hold no entry of
   * the key afterwards; it never gives out another value than that of the version that it names.
   *
   * @param done found: there was something under the key
   */
  join(key: string, part: EntryPart, done: (error: StoreError | null, found: boolean) => void): void;

  /** Deleting a key that is not there is no error. */
  delete(key: string, done: (error: StoreError | null) => void): void;

  /** Which process the store is, and how much it has evicted; answered in its place among the operations. */
  instanceInfo(done: (error: StoreError | null, info: StoreInstance | null) => void): void;
}

/** For a group that has no entries. */
export const NO_STORE: EntryStore = Object.freeze({
  state: Object.freeze({ up: false, reason: 'there is none' } as const),
  get: (_key, done) => done(null, null),
  set: (_key, _entry, done) => done(null),
  join: (_key, _part, done) => done(null, false),
  delete: (_key, done) => done(null),
  instanceInfo: (done) => done(null, null),
} satisfies EntryStore);

/** Tells one process of a store from another, as far as the store says it. */
export interface StoreInstance {
  /** `pid 4711 since 2026-01-31T09:00:00Z`: another process has another name. Null when the store does not say it. */
  readonly instance: string | null;
  /** Entries that the store has evicted since its start; null when it does not count them. */
  readonly evictions: number | null;
}
