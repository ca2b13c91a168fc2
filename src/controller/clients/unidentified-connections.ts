import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { prefaceIn } from '../../peer/handshake.ts';

export interface StrangersPorts {
  /** How many connections may be silent now. */
  readonly roomFor: () => number;
  readonly clock: Clock;
  /** @param first what it has sent */
  readonly onClient: (socket: Socket, first: Buffer) => void;
  /** @param early what it has sent behind the preface */
  readonly onPeer: (socket: Socket, version: number, early: Buffer) => void;
  /** One of them has been closed without having said what it is. */
  readonly onClosed: () => void;
}

/** First bytes of a connection must come to at least the preface's length, if they start as it does, in time. */
const PREFACE_WITHIN_MS = 2_000;

/**
 * Connections that have not said yet whether a peer or a client calls. Where there are too many of them, the one that has
 * been silent for longest is closed: a peer and a client that have something to say say it at once, so they get their
 * word however many connections are opened and left silent.
 */
export class Strangers {
  readonly #ports: StrangersPorts;
  /** Since when each has been silent; in that order. */
  readonly #sockets = new Map<Socket, number>();

  constructor(ports: StrangersPorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#sockets.size;
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, this.#ports.clock.nowMs());
    this.makeRoom();
    this.#listen(socket);
  }

  /** Closes what is too much. */
  makeRoom(): void {
    const room = this.#ports.roomFor();
    for (const socket of this.#sockets.keys()) {
      if (this.#sockets.size <= room) return;
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

  #listen(socket: Socket): void {
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
      this.#ports.onClosed();
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
        this.#ports.onPeer(socket, preface.version, first.subarray(preface.length));
      } else {
        this.#ports.onClient(socket, first);
      }
    };
    socket.on('error', ignore);
    socket.on('close', onClose);
    socket.on('end', onEnd);
    socket.on('data', onData);
  }
}
