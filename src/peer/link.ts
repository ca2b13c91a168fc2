import type { Socket } from 'node:net';
import { writeParts } from '../protocol/write-parts.ts';
import { FrameError } from './byte-writer.ts';
import { decodeBody, encodeFrame } from './codec.ts';
import { FrameReader } from './frame-reader.ts';
import type { PeerMessage } from './messages.ts';

/** Largest frame that is read, in bytes. A promise carries a whole queue (`queue_bytes_max` of each origin). */
export const FRAME_BYTES_MAX = 1_073_741_824;

/** Largest frame of a peer that has not been told apart from a stranger yet, in bytes: a hello fits easily. */
export const HELLO_BYTES_MAX = 131_072;

/** A link with more than this waiting to be sent, in bytes, is given up: its peer does not read. */
export const LINK_BYTES_MAX = 268_435_456;

export interface Traffic {
  readonly read: number;
  readonly written: number;
}

export interface LinkEvents {
  /** Anything arrived: the peer is alive. */
  readonly onBytes: () => void;
  readonly onMessage: (message: PeerMessage) => void;
  /** Called once, with the reason in words. */
  readonly onClose: (reason: string) => void;
}

/**
 * Frames over one socket. What is sent within an event-loop turn leaves as one write, at `flush`.
 */
export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #reader = new FrameReader(HELLO_BYTES_MAX);
  #outbox: Buffer[] = [];
  #outboxBytes = 0;
  #closed = false;

  /** @param socket connected */
  constructor(socket: Socket, events: LinkEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.close(error.message));
    // Peers never half-close, but the port that accepts them lets its clients: the end is the close.
    socket.on('end', () => this.close('the connection was closed'));
    socket.on('close', () => this.close('the connection was closed'));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes received and sent since the connection was made. */
  get traffic(): Traffic {
    return { read: this.#socket.bytesRead, written: this.#socket.bytesWritten };
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.#outboxBytes + this.#socket.writableLength;
  }

  /** The peer has proved that it belongs: from now on it may send large frames. */
  trust(): void {
    this.#reader.frameBytesMax = FRAME_BYTES_MAX;
  }

  send(message: PeerMessage): void {
    this.sendFrame(encodeFrame(message));
  }

  /** Sends a frame that was built before, for several peers. */
  sendFrame(frame: Buffer): void {
    if (this.#closed) return;
    this.#outbox.push(frame);
    this.#outboxBytes += frame.length;
  }

  flush(): void {
    if (this.#closed || this.#outbox.length === 0) return;
    const outbox = this.#outbox;
    this.#outbox = [];
    this.#outboxBytes = 0;
    writeParts(this.#socket, outbox);
    if (this.#socket.writableLength > LINK_BYTES_MAX) this.close('the peer does not read what it is sent');
  }

  /** Sends what waits, and ends the connection; `onClose` follows. */
  end(reason: string): void {
    this.flush();
    this.#socket.end();
    this.close(reason);
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox = [];
    if (!this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.destroySoon();
    this.#events.onClose(reason);
  }

  /** Takes in bytes, from the socket or read from it before. */
  receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#events.onBytes();
    try {
      this.#reader.push(chunk, (body) => {
        if (!this.#closed) this.#events.onMessage(decodeBody(body));
      });
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.message);
    }
  }
}
