import type { Socket } from 'node:net';
import { type StatsGroup, StoreError, type StoreStats } from './driver.ts';
import { memcachedExptime } from './exptime.ts';
import { EndlessClient, OneSocketServer } from './memjs-client.ts';

/**
 * One connection to memcached, from its first request to its first failure; then it is thrown away with all
 * that memjs knows. It neither retries nor reconnects nor keeps time: memjs's own would break the order of
 * operations.
 *
 * Answers are replies of memcached and nothing else. When the connection is lost `onLost` is called, once,
 * and what is in flight is not answered any more.
 */
export class MemjsConnection {
  readonly #onLost: (reason: string) => void;
  readonly #server: OneSocketServer;
  readonly #client: EndlessClient;
  #socket: Socket | null = null;
  #abandoned = false;
  #corked = false;

  constructor(address: StoreAddress, onLost: (reason: string) => void) {
    this.#onLost = onLost;
    const options = {
      timeout: MEMJS_TIMEOUT_SECONDS,
      conntimeout: MEMJS_TIMEOUT_SECONDS,
      keepAlive: true,
      keepAliveDelay: KEEP_ALIVE_SECONDS,
      retries: ONE_ATTEMPT,
      logger: { log: () => {} },
    };
    this.#server = new OneSocketServer(address.host, address.port, undefined, undefined, options);
    this.#client = new EndlessClient([this.#server], options);
  }

  /** Connects, and asks for the largest item; null where the store does not say. To be called first. */
  open(done: (itemBytesMax: number | null) => void): void {
    this.#client.statsWithKey('settings', (error, _server, stats) => {
      if (this.#hasReply(error)) done(positiveInteger(stats?.item_size_max));
    });
    const socket = this.#server._socket!;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#lose(reasonOf(error)));
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
  }

  get(key: string, done: (refusal: StoreError | null, bytes: Buffer | null) => void): void {
    this.#gather();
    this.#client.get(keyBytes(key), (error, bytes) => {
      if (this.#hasReply(error)) done(refusalOf(error), error ? null : bytes);
    });
  }

  set(key: string, bytes: Buffer, expiresAtMs: number, nowMs: number, done: OnWritten): void {
    this.#gather();
    const options = { expires: memcachedExptime(expiresAtMs, nowMs) };
    this.#client.set(keyBytes(key), bytes, options, (error) => {
      if (this.#hasReply(error)) done(refusalOf(error));
    });
  }

  delete(key: string, done: OnWritten): void {
    this.#gather();
    this.#client.delete(keyBytes(key), (error) => {
      if (this.#hasReply(error)) done(refusalOf(error));
    });
  }

  stats(group: StatsGroup, done: (refusal: StoreError | null, stats: StoreStats | null) => void): void {
    this.#gather();
    this.#client.statsWithKey(group, (error, _server, stats) => {
      if (this.#hasReply(error)) done(refusalOf(error), stats === null ? null : Object.entries(stats));
    });
  }

  /** Takes the socket away from memjs, which from here on hears nothing and does nothing. */
  abandon(): Socket {
    this.#abandoned = true;
    const socket = this.#socket!;
    for (const event of ['connect', 'data', 'timeout', 'error', 'close']) socket.removeAllListeners(event);
    socket.removeListener('end', this.#onEnd);
    socket.setTimeout(0);
    socket.on('error', () => {});
    return socket;
  }

  /** Requests of one turn of the event loop leave together: one system call, and full packets. */
  #gather(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket!.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket!.uncork();
  };

  /** memjs reports a status of memcached and a lost connection alike. */
  #hasReply(error: Error | null): boolean {
    if (this.#abandoned) return false;
    if (!error || isStatus(error)) return true;
    this.#lose(reasonOf(error));
    return false;
  }

  /** The store's half suffices: nothing will be answered, whatever of ours is still to be sent. */
  readonly #onEnd = (): void => this.#lose('connection closed');

  #lose(reason: string): void {
    if (!this.#abandoned) this.#onLost(reason);
  }
}

export interface StoreAddress {
  readonly host: string;
  readonly port: number;
}

type OnWritten = (refusal: StoreError | null) => void;

/** So long that memjs's own timers, which leave sockets half closed, never come to act. */
const MEMJS_TIMEOUT_SECONDS = 24 * 60 * 60;

/** Idle time after which the kernel asks whether the peer's host is still there. */
const KEEP_ALIVE_SECONDS = 10;

/** memjs counts attempts, whatever the option's name says. */
const ONE_ATTEMPT = 1;

/** memjs takes a buffer as it is; of a string it would send UTF-8, and other bytes than the client's. */
function keyBytes(key: string): string {
  return Buffer.from(key, 'latin1') as unknown as string;
}

const STATUS_PREFIX = 'MemJS ';

function isStatus(error: Error): boolean {
  return error.message?.startsWith(STATUS_PREFIX);
}

/** memcached did not do as told, in the words of memjs's table of statuses. */
function refusalOf(error: Error | null): StoreError | null {
  if (!error) return null;
  const status = error.message.slice(error.message.indexOf(':') + 1).trim();
  if (status === 'Value too large') {
    return new StoreError('STORE_TOO_LARGE', 'the value is too large for memcached', { cause: error });
  }
  return new StoreError('STORE_REFUSED', `memcached refused: ${status}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ENOTFOUND: 'host not found',
};

/** One line; memjs passes on errors of sockets, and in one place a string. */
function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? (message || code || String(error));
}

function positiveInteger(text: string | undefined): number | null {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}
