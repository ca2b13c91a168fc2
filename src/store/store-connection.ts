import type { NetworkAddress } from '../base/transport.ts';
import { type StatsGroup, StoreError, type StoreStats } from './driver.ts';

/**
 * One connection to memcached, from its first request to its first failure. It neither retries nor reconnects, and
 * has no deadline.
 *
 * Each request is answered by one reply of memcached, in the order of the requests, and never before the call that
 * made the request has returned. When the connection is lost, or bytes come that are no reply to the next request,
 * `onLost` is called, once, and the requests in flight are not answered any more.
 */
export interface StoreConnection {
  /**
   * Connects, and asks for the size of the largest item, which is null where the store does not say it. To be called
   * first.
   */
  open(done: (itemBytesMax: number | null) => void): void;

  /** @param key 1 to 250 characters, one byte each */
  get(key: string): void;

  /** The caller must not change `bytes` until the request is answered. */
  set(key: string, bytes: Buffer): void;

  /** The same for bytes in two parts. The second must not change until the reply. */
  setParts(key: string, header: Buffer, value: Buffer): void;

  delete(key: string): void;

  /** Adds the bytes behind those of the key. The reply has bytes, of no meaning, where the key had some. */
  append(key: string, bytes: Buffer): void;

  /** @param take called before the answer, unless memcached refuses the request */
  stats(group: StatsGroup, take: (stats: StoreStats) => void): void;

  /** Drops the requests that were not sent yet, and reports no event any more. The caller has to end the connection. */
  abandon(): AbandonedConnection;
}

/** A connection whose owner has given it up. */
export interface AbandonedConnection {
  /** Sends the end, and drops the bytes that still come. @param onClosed both directions have ended */
  drain(onClosed: () => void): void;
  destroy(): void;
  /** As `destroy`; the store learns that bytes may be missing. */
  reset(): void;
  readonly isDestroyed: boolean;
  readonly isClosed: boolean;
}

export interface ConnectionEvents {
  /** @param bytes the value that a `get` has found; null for all other replies but that to an `append` */
  onReply(refusal: StoreError | null, bytes: Buffer | null): void;
  /** @param reason one line, human-readable */
  onLost(reason: string): void;
}

export type Connect = (address: StoreAddress, events: ConnectionEvents) => StoreConnection;

export type StoreAddress = NetworkAddress;

/** Idle time after which the kernel asks whether the other host is still there, in milliseconds. */
export const KEEP_ALIVE_MS = 10_000;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host not found',
};

/** Why a connection failed, in one line. */
export function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? (message || code || String(error));
}

/** memcached refused a request. @param status in the words of the protocol's list of statuses */
export function refusalOf(status: string, cause?: Error): StoreError {
  const options = cause && { cause };
  if (status === VALUE_TOO_LARGE) {
    return new StoreError('STORE_TOO_LARGE', 'the value is too large for memcached', options);
  }
  return new StoreError('STORE_REFUSED', `memcached refused: ${status}`, options);
}

/** @param setting `item_size_max` of its statistics */
export function itemBytesMaxOf(setting: string | undefined): number | null {
  const bytes = Number(setting);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

export const VALUE_TOO_LARGE = 'Value too large';
export const CONNECTION_CLOSED = 'connection closed';
export const OUT_OF_ORDER = 'replies out of order';
