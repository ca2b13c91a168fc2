import type { Duplex } from 'node:stream';
import type { Connection, ConnectionHandlers } from '../../src/base/transport.ts';
import { streamOf } from './connection-stream.ts';

/** A double of a connection: it records each write, and the test plays the other end. */
export class ConnectionDouble implements Connection {
  readonly writes: Buffer[] = [];
  waitingBytes = 0;
  bytesWritten = 0;
  bytesRead = 0;
  isEnded = false;
  isDestroyed = false;
  isClosed = false;
  readonly localAddress = '127.0.0.1';
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  #handlers: ConnectionHandlers | null = null;
  #corked: Buffer[] | null = null;

  /** Delivers bytes from the other end. */
  push(bytes: Buffer): void {
    this.bytesRead += bytes.length;
    this.#handlers?.onData(bytes, bytes.length);
  }

  /** Delivers the end of the other side's bytes. */
  pushEnd(): void {
    this.#handlers?.onEnd();
  }

  /** Makes the connection fail. */
  fail(error: Error): void {
    this.#handlers?.onError(error);
    this.destroy();
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  toStream(first: Buffer): Duplex {
    const owner = this.#handlers;
    const { stream, handlers } = streamOf(this, first, () => owner);
    this.#handlers = handlers;
    return stream;
  }

  write(bytes: Buffer): boolean {
    this.bytesWritten += bytes.length;
    if (this.#corked === null) this.writes.push(bytes);
    else this.#corked.push(bytes);
    return true;
  }

  cork(): void {
    this.#corked = [];
  }

  uncork(): void {
    if (this.#corked !== null && this.#corked.length > 0) this.writes.push(Buffer.concat(this.#corked));
    this.#corked = null;
  }

  end(): void {
    this.isEnded = true;
  }

  closeWhenSent(): void {
    this.end();
    this.destroy();
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.isClosed = true;
    this.#handlers?.onClose();
  }

  reset(): void {
    this.destroy();
  }

  pause(): void {}

  resume(): void {}
}
