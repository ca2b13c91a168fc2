import { Duplex } from 'node:stream';
import type { Connection, ConnectionHandlers } from '../../base/transport.ts';

/** The connection of a client in this process. No byte goes over it, and it stays until it is closed. */
export class InnerConnection implements Connection {
  readonly waitingBytes = 0;
  readonly bytesWritten = 0;
  readonly bytesRead = 0;
  readonly localAddress = undefined;
  readonly remoteAddress = undefined;
  readonly remotePort = undefined;
  #handlers: ConnectionHandlers | null = null;
  #isClosed = false;

  get isEnded(): boolean {
    return this.#isClosed;
  }

  get isDestroyed(): boolean {
    return this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  toStream(): Duplex {
    return new Duplex();
  }

  write(): boolean {
    return true;
  }

  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy();
  }

  closeWhenSent(): void {
    this.destroy();
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers?.onClose();
  }
}
