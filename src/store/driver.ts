/**
 * What a KV store must do to hold a replica's values. Small on purpose: versions, conditions and expiry are
 * decided above it, so anything that can get, set and delete bytes will do.
 *
 * Invariants, checked for every driver by one acceptance suite:
 *  1. Operations take effect in the order in which they were issued, whatever their keys.
 *  2. Every `done` is called exactly once, in issue order, and never before the call that took it returns.
 *  3. After an error the operation may or may not have taken effect, but never takes effect later than an
 *     operation that was issued after the error was reported.
 *  4. A store that is gone or hangs is an error within the driver's deadline, never a miss and never a hang.
 */
export interface KvDriver {
  /** For people: `memcached 127.0.0.1:11201`, `embedded`. */
  readonly description: string;

  /** Starts to connect, and keeps reconnecting until closed. `onStateChange` is told of every change. */
  open(onStateChange: (state: StoreState) => void): void;

  /** Bytes stored under the key, or null when there are none. Keys are latin-1 strings, see `Request`. */
  get(key: string, done: (error: StoreError | null, bytes: Buffer | null) => void): void;

  /** The store is told of no expiry: its clock may be wrong. What has expired is deleted by the controller. */
  set(key: string, bytes: Buffer, done: (error: StoreError | null) => void): void;

  /** A key that is not there is no error. */
  delete(key: string, done: (error: StoreError | null) => void): void;

  /**
   * The store's own statistics, under memcached's names and in its order; a group that it does not keep is
   * empty. In its turn among the operations.
   */
  stats?(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void;

  /**
   * Carries out an administrative command of one line of memcached's text protocol, and tells what it answers,
   * without the line end; empty when it answers nothing. In no order with the operations.
   */
  command?(line: string, done: (error: StoreError | null, answer: string | null) => void): void;

  /** Ends what is in flight with an error, and the connection. */
  close(): Promise<void>;
}

/** What follows `stats` on the line; empty for the general statistics. `reset` sets to zero what counts. */
export type StatsGroup = '' | 'settings' | 'reset' | 'items' | 'slabs' | 'sizes';

export type StoreStats = readonly (readonly [name: string, value: string])[];

export type StoreState =
  | {
      readonly up: true;
      /** The store's own limit for key, value and header of one item, in bytes; null when unknown. */
      readonly itemBytesMax: number | null;
    }
  | { readonly up: false; readonly reason: string };

/** The store did not do as told. Expected: it is answered to the client as `SERVER_ERROR` with the reason. */
export class StoreError extends Error {
  readonly code: 'STORE_DOWN' | 'STORE_TIMEOUT' | 'STORE_TOO_LARGE' | 'STORE_REFUSED';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
