import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../../base/transport.ts';
import { type FirstWords, firstWordsIn } from '../../peer/first-words.ts';
import type { ClientTable } from './client-table.ts';

export interface UnidentifiedConnectionsPorts {
  readonly clients: ClientTable;
  /** Most client connections. */
  readonly connectionsMax: number;
  readonly clock: Clock;
}

/** Where a connection goes once it is known who calls. */
export interface Callers {
  /** @param first what it has sent */
  readonly onClient: (connection: Connection, first: Buffer) => void;
  /** @param early what it has sent behind its first words */
  readonly onPeer: (connection: Connection, words: FirstWords & { kind: 'peer' }, early: Buffer) => void;
}

/**
 * Connections that may be unidentified where clients take all of `connections_max`, or nearly. More: a peer is identified in
 * spite of more connections opened within the time that its first bytes take. Fewer: fewer descriptors.
 */
const COUNT_MIN = 64;

/** The first words of a peer must be complete within this time after they have begun. */
const FIRST_WORDS_WITHIN_MS = 2_000;

/**
 * Connections that have not said yet whether a peer or a client calls. Where there are too many of them, the one that has
 * been silent for longest is closed: a peer and a client that have something to say say it at once, so they get their
 * word however many connections are opened and left silent.
 */
export class UnidentifiedConnections {
  readonly #ports: UnidentifiedConnectionsPorts;
  /** Since when each has been silent; in that order. */
  readonly #connections = new Map<Connection, number>();

  constructor(ports: UnidentifiedConnectionsPorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#connections.size;
  }

  add(connection: Connection, callers: Callers): void {
    this.#connections.set(connection, this.#ports.clock.nowMs());
    this.closeExcess();
    this.#identify(connection, callers);
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

  /** Closes those that have been silent since then. @returns how many */
  closeIdle(sinceMs: number): number {
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

  #identify(connection: Connection, { onClient, onPeer }: Callers): void {
    let first: Buffer = Buffer.alloc(0);
    let timer: NodeJS.Timeout | null = null;
    const settle = () => {
      if (timer !== null) clearTimeout(timer);
      this.#connections.delete(connection);
    };
    connection.handle({
      onData: (chunk) => {
        first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
        const words = firstWordsIn(first);
        if (words.kind === 'partial') {
          timer ??= setTimeout(() => connection.destroy(), FIRST_WORDS_WITHIN_MS);
          return;
        }
        settle();
        if (words.kind === 'peer') onPeer(connection, words, first.subarray(words.length));
        else onClient(connection, first);
      },
      onEnd: () => connection.end(),
      onError: ignore,
      onClose: () => {
        settle();
        this.#ports.clients.onLeft();
      },
    });
  }
}

function ignore(): void {}
