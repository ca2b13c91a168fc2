import type { Duplex } from 'node:stream';
import type { ByteSink } from './write-parts.ts';

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** Makes connections, and accepts them. */
export interface Transport {
  /**
   * @param backlog connections that may wait to be accepted
   * @param onConnection has to call `handle` of the connection before it returns
   * @throws the system's error when the address can't be listened on
   */
  listen(address: NetworkAddress, backlog: number, onConnection: OnConnection): Promise<Listener>;

  /** Begins to connect. What is written before `onConnect` leaves after it. */
  connect(address: NetworkAddress, handlers: ConnectionHandlers, options?: ConnectOptions): Connection;
}

/** @param first bytes that have been read already; absent for none */
export type OnConnection = (connection: Connection, first?: Buffer) => void;

export interface Listener {
  /** Accepts no further connection. Those that were accepted stay open. */
  close(): void;
}

export interface ConnectOptions {
  /** After this idle time the system checks whether the other host is still there; without it, it does not check. */
  readonly keepAliveMs?: number;
  /** All that arrives is read into this memory; without it, each chunk has memory of its own. */
  readonly readBuffer?: Buffer;
  /** The address of this machine that the connection leaves from; without it, the system chooses one. */
  readonly from?: string;
}

/** What a connection calls. An end that has no use for an event ignores it. */
export interface ConnectionHandlers {
  /** Only for the end that connects. */
  onConnect?(): void;

  /** @param chunk the first `length` bytes of it have arrived; it is the `readBuffer` when there is one */
  onData(chunk: Buffer, length: number): void;

  /**
   * Takes bytes that are overwritten once it returns, so it copies those that it keeps. Where it is missing, or the
   * transport has no such bytes, `onData` is called.
   */
  onLent?(bytes: Buffer): void;

  /** Everything that was written has been handed to the system, after some of it had to wait. */
  onDrain?(): void;

  /** The other end sends no more. It still receives, until this end calls `end` as well. */
  onEnd(): void;

  /** The connection broke, or could not be made; `onClose` follows. */
  onError(error: Error): void;

  /** The last event: nothing can be sent or received any more. */
  onClose(): void;
}

/**
 * A stream of bytes in both directions, each in order. Small writes leave at once; what the other end does not take yet
 * waits here without a bound, so an owner watches `waitingBytes`.
 */
export interface Connection extends ByteSink {
  /** From now on these handlers are called, in the place of those before. */
  handle(handlers: ConnectionHandlers): void;

  /**
   * Gives the bytes of the connection out as a stream, for code that knows only streams. The stream reads and writes
   * from now on, and the owner does neither. The handlers are still told of everything but bytes.
   *
   * @param first bytes that have been read already, and that the stream begins with
   */
  toStream(first: Buffer): Duplex;

  /** Sends what was written, and then these last bytes, and then the end. @param sent called when they have left */
  end(last?: Buffer | string, sent?: () => void): void;

  /** Closes the connection once everything that was written has left. */
  closeWhenSent(): void;

  /** Closes the connection at once, whatever waits. */
  destroy(): void;

  /** As `destroy`, and the other end learns that bytes may be missing. */
  reset(): void;

  /** No `onData` until `resume`, so that the other end has to wait. */
  pause(): void;
  resume(): void;

  /** Bytes that were written and still wait here. */
  readonly waitingBytes: number;
  /** Bytes that were written so far, those that wait included. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** `end` was called. */
  readonly isEnded: boolean;
  /** `destroy` or `reset` was called, or the connection broke. */
  readonly isDestroyed: boolean;
  /** `onClose` was called. */
  readonly isClosed: boolean;
  /** Undefined before the connection is made; also after its end, unless it was asked for before. */
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}
