import type { NetworkAddress } from '../base/transport.ts';
import { type StatsGroup, StoreError, type StoreStats } from './driver.ts';

/**
 * One connection to memcached, from its first request to its first failure; then it is thrown away. It neither
 * retries nor reconnects nor keeps time.
 *
 * Answers are replies of memcached and nothing else, one for each request and in the order of the requests, and
 * never before the call that made the request has returned. When the connection is lost, or what came is no
 * reply to what was asked, `onLost` is called, once, and what is in flight is not answered any more.
 */
export interface StoreConnection {
  /** Connects, and asks for the largest item; null where the store does not say. To be called first. */
  open(done: (itemBytesMax: number | null) => void): void;

  /** @param key 1 to 250 characters, one byte each */
  get(key: string): void;

  /** `bytes` must not change until answered. */
  set(key: string, bytes: Buffer): void;

  delete(key: string): void;

  /** @param take called in front of the answer, when it is no refusal */
  stats(group: StatsGroup, take: (stats: StoreStats) => void): void;

  /** Drops what was not sent yet, and tells of nothing that still comes. The caller has to end what is left. */
  abandon(): AbandonedConnection;
}

/** What is left of a connection on which nobody waits for anything. */
export interface AbandonedConnection {
  /** Sends the end, reads and drops what comes, and tells when both directions have ended. */
  drain(onClosed: () => void): void;
  destroy(): void;
  /** As `destroy`; the store learns that bytes may be missing. */
  reset(): void;
  readonly isDestroyed: boolean;
  readonly isClosed: boolean;
}

export interface ConnectionEvents {
  /** @param bytes of a `get` that has found something, else null */
  onReply(refusal: StoreError | null, bytes: Buffer | null): void;
  /** @param reason one line, for people */
  onLost(reason: string): void;
}

export type Connect = (address: StoreAddress, events: ConnectionEvents) => StoreConnection;

export type StoreAddress = NetworkAddress;

/** Idle time after which the kernel asks whether the other host is still there. */
export const KEEP_ALIVE_MS = 10_000;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host not found',
};

/** Why a socket failed, in one line. */
export function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? (message || code || String(error));
}

/** memcached did not do as told. @param status in the words of the protocol's list of statuses */
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
