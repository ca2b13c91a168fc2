/**
 * A KV store that holds a replica's values. The interface is small on purpose: versions, conditions and expiry are
 * decided above it, so any store that can get, set and delete bytes will do.
 *
 * Invariants, checked for every driver by one acceptance suite:
 *  1. Operations take effect in the order in which they were issued, whatever their keys.
 *  2. Every `done` is called exactly once, in issue order, and never before the call that took it returns.
 *  3. After an error the operation may or may not have taken effect, but never takes effect later than an operation
 *     that was issued after the error was reported.
 *  4. A store that is gone or hangs is an error within the driver's deadline, never a miss and never a hang.
 */
export interface KvDriver {
  /** Human-readable: `memcached 127.0.0.1:11201`, `embedded`. */
  readonly description: string;

  /** Connects, and connects again after each failure, until closed. `onStateChange` is called for every change. */
  open(onStateChange: (state: StoreState) => void): void;

  /** Bytes stored under the key, or null when there are none. Keys are latin-1 strings, see `Request`. */
  get(key: string, done: (error: StoreError | null, bytes: Buffer | null) => void): void;

  /** The store gets no expiry time, because its clock may be wrong: the controller deletes expired entries. */
  set(key: string, bytes: Buffer, done: (error: StoreError | null) => void): void;

  /**
   * The same for bytes in two parts, the second of them large. It is for drivers that need no copy of the parts, and it
   * must not change until it is answered.
   */
  setParts?(key: string, header: Buffer, value: Buffer, done: (error: StoreError | null) => void): void;

  /**
   * Adds bytes behind those that are stored under the key. Does nothing where there are none, which is no error.
   *
   * @param done found: there were some
   */
  append(key: string, bytes: Buffer, done: (error: StoreError | null, found: boolean) => void): void;

  /** Deleting a key that is not there is no error. */
  delete(key: string, done: (error: StoreError | null) => void): void;

  /**
   * The store's own statistics, under memcached's names and in its order. A group that the store does not keep is
   * empty. The request is answered in its place among the operations.
   */
  stats?(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void;

  /**
   * Carries out an administrative command, which is one line of memcached's text protocol. It has no place in the
   * order of the operations.
   *
   * @param done answer: the line that memcached answers, without its end; empty when memcached answers nothing
   */
  command?(line: string, done: (error: StoreError | null, answer: string | null) => void): void;

  /** Answers the operations in flight with an error, and ends the connection. */
  close(): Promise<void>;
}

/** The argument of `stats`; empty for the general statistics. `reset` sets the counters to zero. */
export type StatsGroup = '' | 'settings' | 'reset' | 'items' | 'slabs' | 'sizes';

export type StoreStats = readonly (readonly [name: string, value: string])[];

export type StoreState =
  | {
      readonly up: true;
      /** The store's own limit for key, value and header of one item, in bytes; null when unknown. */
      readonly itemBytesMax: number | null;
    }
  | { readonly up: false; readonly reason: string };

/**
 * The store could not carry out an operation. It is an expected error: the client gets a `SERVER_ERROR` with the
 * reason.
 */
export class StoreError extends Error {
  readonly code: 'STORE_DOWN' | 'STORE_TIMEOUT' | 'STORE_TOO_LARGE' | 'STORE_REFUSED';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
