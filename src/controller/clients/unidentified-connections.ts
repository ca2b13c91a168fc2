import type { Clock } from '../../base/clock.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { Connection, ConnectionHandlers } from '../../base/transport.ts';
import { httpIn } from '../../http/first-bytes.ts';
import { type PeerPreface, prefaceIn } from '../../peer/preface.ts';
import type { ClientTable } from './client-table.ts';

export interface UnidentifiedConnectionsPorts {
  readonly clients: ClientTable;
  /** Most client connections. */
  readonly connectionsMax: number;
  readonly clock: Clock;
}

/** Receives a connection once its first bytes have told whether a peer, a client or an HTTP client calls. */
export interface Callers {
  /** A client of memcached's protocols. @param first the bytes that have arrived */
  readonly onClient: (connection: Connection, first: Buffer) => void;
  readonly onHttp: (connection: Connection, first: Buffer) => void;
  /** @param early the bytes behind the preface */
  readonly onPeer: (connection: Connection, preface: PeerPreface, early: Buffer) => void;
}

/**
 * Most unidentified connections where clients take all of `connections_max`, or nearly. More: a peer is
 * identified even if more connections are opened within the time that its first bytes take. Fewer: fewer
 * descriptors.
 */
const COUNT_MIN = 64;

/** The bytes that tell who calls must be there within this time after the first of them. */
const IDENTIFIED_WITHIN_MS = 2_000;

/**
 * Connections that have not sent enough yet to tell who calls. When there are too
 * many, the oldest is closed. A peer or client that has something to say says it at once, so it is identified
 * in time however many silent connections are opened.
 */
export class UnidentifiedConnections {
  readonly #ports: UnidentifiedConnectionsPorts;
  /** When each connection was accepted, the oldest first. */
  readonly #connections = new Map<Connection, number>();

  constructor(ports: UnidentifiedConnectionsPorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#connections.size;
  }

  /** @param first bytes that have been read already */
  add(connection: Connection, callers: Callers, first: Buffer = NOTHING): void {
    this.#connections.set(connection, this.#ports.clock.nowMs());
    this.closeExcess();
    const handlers = this.#identifying(connection, callers);
    connection.handle(handlers);
    if (first.length > 0) handlers.onData(first, first.length);
  }

  /** Closes the oldest connections above the limit. */
  closeExcess(): void {
    const { clients, connectionsMax } = this.#ports;
    const countMax = Math.max(COUNT_MIN, connectionsMax - clients.count);
    for (const connection of this.#connections.keys()) {
      if (this.#connections.size <= countMax) return;
      this.#drop(connection);
    }
  }

  /** Closes connections that were accepted before `sinceMs`. @returns how many */
  closeIdle(sinceMs: MonotonicMs): number {
    const before = this.#connections.size;
    for (const [connection, silentMs] of this.#connections) {
      if (silentMs > sinceMs) break;
      this.#drop(connection);
    }
    return before - this.#connections.size;
  }

  closeAll(): void {
    for (const connection of this.#connections.keys()) this.#drop(connection);
  }

  #drop(connection: Connection): void {
    this.#connections.delete(connection);
    connection.destroy();
  }

  #identifying(connection: Connection, { onClient, onHttp, onPeer }: Callers): ConnectionHandlers {
    let first = NOTHING;
    let timer: NodeJS.Timeout | null = null;
    const settle = () => {
      if (timer !== null) clearTimeout(timer);
      this.#connections.delete(connection);
    };
    return {
      onData: (chunk) => {
        first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
        const preface = prefaceIn(first);
        const http = httpIn(first);
        if (preface.kind === 'partial' || http === 'partial') {
          timer ??= setTimeout(() => connection.destroy(), IDENTIFIED_WITHIN_MS);
          return;
        }
        settle();
        if (preface.kind === 'peer') onPeer(connection, preface, first.subarray(preface.length));
        else if (http === 'http') onHttp(connection, first);
        else onClient(connection, first);
      },
      onEnd: () => connection.end(),
      onError: ignore,
      onClose: () => {
        settle();
        this.#ports.clients.onLeft();
      },
    };
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

function ignore(): void {}
