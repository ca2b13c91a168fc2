import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { prefaceIn } from '../../peer/handshake.ts';
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
  readonly onClient: (socket: Socket, first: Buffer) => void;
  /** @param early what it has sent behind the preface */
  readonly onPeer: (socket: Socket, version: number, early: Buffer) => void;
}

/**
 * Connections that may be unidentified where clients take all of `connections_max`, or nearly. More: a peer is identified in
 * spite of more connections opened within the time that its first bytes take. Fewer: fewer descriptors.
 */
const COUNT_MIN = 64;

/** First bytes of a connection must come to at least the preface's length, if they start as it does, in time. */
const PREFACE_WITHIN_MS = 2_000;

/**
 * Connections that have not said yet whether a peer or a client calls. Where there are too many of them, the one that has
 * been silent for longest is closed: a peer and a client that have something to say say it at once, so they get their
 * word however many connections are opened and left silent.
 */
export class UnidentifiedConnections {
  readonly #ports: UnidentifiedConnectionsPorts;
  /** Since when each has been silent; in that order. */
  readonly #sockets = new Map<Socket, number>();

  constructor(ports: UnidentifiedConnectionsPorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#sockets.size;
  }

  add(socket: Socket, callers: Callers): void {
    this.#sockets.set(socket, this.#ports.clock.nowMs());
    this.closeExcess();
    this.#identify(socket, callers);
  }

  /** Closes the oldest connections above the limit. */
  closeExcess(): void {
    const { clients, connectionsMax } = this.#ports;
    const countMax = Math.max(COUNT_MIN, connectionsMax - clients.count);
    for (const socket of this.#sockets.keys()) {
      if (this.#sockets.size <= countMax) return;
      this.#drop(socket);
    }
  }

  /** Closes those that have been silent since then. @returns how many */
  closeIdle(sinceMs: number): number {
    const before = this.#sockets.size;
    for (const [socket, silentMs] of this.#sockets) {
      if (silentMs > sinceMs) break;
      this.#drop(socket);
    }
    return before - this.#sockets.size;
  }

  closeAll(): void {
    for (const socket of this.#sockets.keys()) this.#drop(socket);
  }

  #drop(socket: Socket): void {
    this.#sockets.delete(socket);
    socket.destroy();
  }

  #identify(socket: Socket, { onClient, onPeer }: Callers): void {
    let first: Buffer = Buffer.alloc(0);
    let timer: NodeJS.Timeout | null = null;
    const ignore = () => {};
    const onEnd = () => socket.end();
    const settle = () => {
      if (timer !== null) clearTimeout(timer);
      this.#sockets.delete(socket);
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.off('close', onClose);
    };
    const onClose = () => {
      settle();
      this.#ports.clients.onLeft();
    };
    const onData = (chunk: Buffer): void => {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const preface = prefaceIn(first);
      if (preface.kind === 'partial') {
        timer ??= setTimeout(() => socket.destroy(), PREFACE_WITHIN_MS);
        return;
      }
      settle();
      socket.off('error', ignore);
      if (preface.kind === 'peer') {
        onPeer(socket, preface.version, first.subarray(preface.length));
      } else {
        onClient(socket, first);
      }
    };
    socket.on('error', ignore);
    socket.on('close', onClose);
    socket.on('end', onEnd);
    socket.on('data', onData);
  }
}
