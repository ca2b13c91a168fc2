import type { Duplex } from 'node:stream';
import type {
  Connection,
  ConnectionHandlers,
  Listener,
  NetworkAddress,
  Transport,
} from '../../src/base/transport.ts';
import { streamOf } from './connection-stream.ts';

/** The most bytes on their way in one direction; further bytes wait at their sender. */
const WINDOW_BYTES = 65_536;

/** Connections within one process, whose events each take a turn of the event loop. It passes the same tests as TCP. */
export class MemoryTransport implements Transport {
  readonly #listeners = new Map<string, (connection: Connection) => void>();

  async listen(
    address: NetworkAddress,
    _backlog: number,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    const name = nameOf(address);
    if (this.#listeners.has(name)) throw failure('EADDRINUSE', `listen EADDRINUSE: ${name}`);
    this.#listeners.set(name, onConnection);
    return { close: () => void this.#listeners.delete(name) };
  }

  connect(address: NetworkAddress, handlers: ConnectionHandlers): Connection {
    const caller = new MemoryConnection(handlers);
    setImmediate(() => {
      const onConnection = this.#listeners.get(nameOf(address));
      if (onConnection === undefined) caller.fail(failure('ECONNREFUSED', `connect ${nameOf(address)}`));
      else if (!caller.isDestroyed) caller.join(new MemoryConnection(null), onConnection);
    });
    return caller;
  }
}

class MemoryConnection implements Connection {
  #handlers: ConnectionHandlers | null;
  /** The handlers that are told of everything but bytes, which a stream takes. */
  #owner: ConnectionHandlers | null = null;
  #hasStream = false;
  #other: MemoryConnection | null = null;
  /** The bytes that wait here, each with the callback for when they have been sent. */
  #waiting: { readonly bytes: Buffer; readonly sent: ((error?: Error | null) => void) | undefined }[] = [];
  /** The bytes that have arrived and were not delivered yet. */
  #arrived: Buffer[] = [];
  #hadToWait = false;
  #isCorked = false;
  #isPaused = false;
  #hasOtherEnded = false;
  #isEndTold = false;
  #onSent: (() => void) | null = null;
  #isStepDue = false;
  isEnded = false;
  isDestroyed = false;
  isClosed = false;
  bytesWritten = 0;
  bytesRead = 0;

  constructor(handlers: ConnectionHandlers | null) {
    this.#handlers = handlers;
  }

  join(other: MemoryConnection, onConnection: (connection: Connection) => void): void {
    this.#other = other;
    other.#other = this;
    onConnection(other);
    this.#handlers!.onConnect?.();
    this.#step();
  }

  fail(error: Error): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.#handlers?.onError(error);
    this.#close();
  }

  handle(handlers: ConnectionHandlers): void {
    if (this.#hasStream) this.#owner = handlers;
    else this.#handlers = handlers;
  }

  toStream(first: Buffer): Duplex {
    this.#owner = this.#handlers;
    this.#hasStream = true;
    const { stream, handlers } = streamOf(this, first, () => this.#owner);
    this.#handlers = handlers;
    return stream;
  }

  write(bytes: Buffer, sent?: (error?: Error | null) => void): void {
    this.bytesWritten += bytes.length;
    this.#waiting.push({ bytes: Buffer.from(bytes), sent });
    this.#step();
  }

  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.#step();
  }

  end(last: Buffer | string = '', sent?: () => void): void {
    if (last.length > 0) this.write(Buffer.from(last));
    this.isEnded = true;
    this.#onSent = sent ?? null;
    this.#step();
  }

  closeWhenSent(): void {
    this.end('', () => this.destroy());
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    const other = this.#other;
    setImmediate(() => {
      this.#close();
      if (other !== null) this.isEnded ? other.#receiveEnd() : other.fail(failure('ECONNRESET', 'reset'));
    });
  }

  reset(): void {
    this.isEnded = false;
    this.destroy();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#step();
  }

  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get localAddress(): string | undefined {
    return this.#other === null ? undefined : '127.0.0.1';
  }

  get remoteAddress(): string | undefined {
    return this.#other === null ? undefined : '127.0.0.1';
  }

  get remotePort(): number | undefined {
    return this.#other === null ? undefined : 1;
  }

  /** Carries out due events in a later turn, as sockets do. */
  #step(): void {
    if (this.#isStepDue) return;
    this.#isStepDue = true;
    setImmediate(() => {
      this.#isStepDue = false;
      if (this.isDestroyed) return;
      this.#send();
      if (!this.isDestroyed) this.#handOut();
      if (!this.isDestroyed && this.isEnded && this.#isEndTold && this.#waiting.length === 0) this.destroy();
    });
  }

  #send(): void {
    const other = this.#other;
    if (other === null || this.#isCorked) return;
    while (this.#waiting.length > 0 && other.#arrivedBytes < WINDOW_BYTES) {
      const { bytes, sent } = this.#waiting.shift()!;
      other.#arrived.push(bytes);
      other.#step();
      sent?.(null);
    }
    if (this.#waiting.length > 0) this.#hadToWait = true;
    else {
      if (this.#hadToWait) this.#handlers?.onDrain?.();
      this.#hadToWait = false;
      if (this.isEnded) {
        other.#receiveEnd();
        this.#onSent?.();
        this.#onSent = null;
      }
    }
  }

  #receiveEnd(): void {
    this.#hasOtherEnded = true;
    this.#step();
  }

  #handOut(): void {
    while (this.#arrived.length > 0 && !this.#isPaused && !this.isDestroyed) {
      const chunk = this.#arrived.shift()!;
      this.bytesRead += chunk.length;
      this.#handlers?.onData(chunk, chunk.length);
      if (this.#other !== null) this.#other.#step();
    }
    if (!this.#hasOtherEnded || this.#arrived.length > 0 || this.#isEndTold || this.isDestroyed) return;
    this.#isEndTold = true;
    this.#handlers?.onEnd();
    this.#step();
  }

  get #arrivedBytes(): number {
    return this.#arrived.reduce((sum, { length }) => sum + length, 0);
  }

  #close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const { sent } of this.#waiting.splice(0)) sent?.(failure('ECANCELED', 'the connection is closed'));
    this.#handlers?.onClose();
  }
}

function nameOf({ host, port }: NetworkAddress): string {
  return `${host}:${port}`;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
