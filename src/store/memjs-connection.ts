import type { StatsGroup, StoreStats } from './driver.ts';
import { EndlessClient, type MemjsSocket, OneSocketServer } from './memjs-client.ts';
import {
  type AbandonedConnection,
  CONNECTION_CLOSED,
  type ConnectionEvents,
  itemBytesMaxOf,
  KEEP_ALIVE_MS,
  OUT_OF_ORDER,
  reasonOf,
  refusalOf,
  type StoreAddress,
  type StoreConnection,
} from './store-connection.ts';

/**
 * A connection to memcached through memjs. After a failure it is dropped, together with the memjs client. memjs's own
 * retries, timers and reconnections are disabled, since they would break the order of operations.
 */
export class MemjsConnection implements StoreConnection {
  readonly #events: ConnectionEvents;
  readonly #server: OneSocketServer;
  readonly #client: EndlessClient;
  #socket: MemjsSocket | null = null;
  #abandoned = false;
  #corked = false;
  /** memjs finds the request of a reply by its number, in any order, so the order is checked here. */
  #asked = 0;
  #answered = 0;

  constructor(address: StoreAddress, events: ConnectionEvents) {
    this.#events = events;
    const options = {
      timeout: MEMJS_TIMEOUT_SECONDS,
      conntimeout: MEMJS_TIMEOUT_SECONDS,
      keepAlive: true,
      keepAliveDelay: KEEP_ALIVE_MS / 1000,
      retries: ONE_ATTEMPT,
      logger: { log: () => {} },
    };
    this.#server = new OneSocketServer(address, options, () => this.#lose(OUT_OF_ORDER));
    this.#client = new EndlessClient([this.#server], options);
  }

  /** Connects, and asks for the largest item; null where the store does not say. To be called first. */
  open(done: (itemBytesMax: number | null) => void): void {
    this.#client.statsWithKey('settings', (error, _server, stats) => {
      if (this.#hasReply(error)) done(itemBytesMaxOf(stats?.item_size_max));
    });
    const socket = this.#server._socket!;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#lose(reasonOf(error)));
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
  }

  get(key: string): void {
    const number = this.#nextNumber();
    this.#client.get(keyBytes(key), (error, bytes) => this.#onReply(number, error, bytes ?? null));
  }

  set(key: string, bytes: Buffer): void {
    const number = this.#nextNumber();
    this.#client.set(keyBytes(key), bytes, { expires: 0 }, (error) => this.#onReply(number, error, null));
  }

  setParts(key: string, header: Buffer, value: Buffer): void {
    this.set(key, Buffer.concat([header, value]));
  }

  append(key: string, bytes: Buffer): void {
    const number = this.#nextNumber();
    this.#client.append(keyBytes(key), bytes, (error) => {
      const isMissing = error !== null && statusOf(error) === NOT_STORED;
      this.#onReply(number, isMissing ? null : error, error === null ? NO_BYTES : null);
    });
  }

  delete(key: string): void {
    const number = this.#nextNumber();
    this.#client.delete(keyBytes(key), (error) => this.#onReply(number, error, null));
  }

  stats(group: StatsGroup, take: (stats: StoreStats) => void): void {
    const number = this.#nextNumber();
    this.#client.statsWithKey(group, (error, _server, stats) => {
      if (!error && stats !== null && !this.#abandoned) take(Object.entries(stats));
      this.#onReply(number, error, null);
    });
  }

  /** Takes the socket away from memjs, which gets no event from here on, and does nothing. */
  abandon(): AbandonedConnection {
    this.#abandoned = true;
    const socket = this.#socket!;
    for (const event of ['connect', 'data', 'timeout', 'error', 'close']) socket.removeAllListeners(event);
    socket.removeListener('end', this.#onEnd);
    socket.setTimeout(0);
    socket.on('error', () => {});
    return abandonedOf(socket);
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

  #nextNumber(): number {
    this.#gather();
    return this.#asked++;
  }

  #onReply(number: number, error: Error | null, bytes: Buffer | null): void {
    if (!this.#hasReply(error)) return;
    if (number !== this.#answered) return this.#lose(OUT_OF_ORDER);
    this.#answered++;
    this.#events.onReply(error ? refusalOf(statusOf(error), error) : null, bytes);
  }

  /** memjs reports a status of memcached and a lost connection alike. */
  #hasReply(error: Error | null): boolean {
    if (this.#abandoned) return false;
    if (!error || isStatus(error)) return true;
    this.#lose(reasonOf(error));
    return false;
  }

  /** When the store ends its direction, no further reply can come. */
  readonly #onEnd = (): void => this.#lose(CONNECTION_CLOSED);

  #lose(reason: string): void {
    if (!this.#abandoned) this.#events.onLost(reason);
  }
}

function abandonedOf(socket: MemjsSocket): AbandonedConnection {
  return {
    drain(onClosed) {
      socket.on('close', onClosed);
      socket.resume();
      socket.end();
    },
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
    get isDestroyed() {
      return socket.destroyed;
    },
    get isClosed() {
      return socket.closed;
    },
  };
}

/** So long that memjs's own timers never fire; they would leave sockets half closed. */
const MEMJS_TIMEOUT_SECONDS = 24 * 60 * 60;

/** memjs counts attempts, whatever the option's name says. */
const ONE_ATTEMPT = 1;

/** memjs sends a buffer as it is, but a string as UTF-8, which are other bytes than the client's. */
function keyBytes(key: string): string {
  return Buffer.from(key, 'latin1') as unknown as string;
}

const NO_BYTES = Buffer.alloc(0);

/** By which memcached refuses to append to a key that is not there. */
const NOT_STORED = 'Item not stored';

const STATUS_PREFIX = 'MemJS ';

function isStatus(error: Error): boolean {
  return error.message?.startsWith(STATUS_PREFIX);
}

/** memjs puts the operation in front of the status. */
function statusOf(error: Error): string {
  return error.message.slice(error.message.indexOf(':') + 1).trim();
}
