import type { Socket } from 'node:net';
import { FrameError } from '../base/byte-writer.ts';
import { writeParts } from '../base/write-parts.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { decodeMessages, encodeMessage, type OnMessage } from './codec.ts';
import { FrameReader, LENGTH_BYTES } from './frame-reader.ts';
import { type FrameTags, type LinkTags, sameTag } from './frame-tags.ts';
import type { PeerMessage } from './messages.ts';

/** Most that messages may take together when they share a frame, in bytes; a larger one has a frame of its own. */
const SHARED_FRAME_BYTES_MAX = 65_536;

/** A link with more than this waiting to be sent, in bytes, is given up: its peer does not read. */
export const LINK_BYTES_MAX = 268_435_456;

export interface Traffic {
  readonly read: number;
  readonly written: number;
}

export interface LinkEvents {
  /** Anything arrived: the peer is alive. */
  readonly onBytes: () => void;
  readonly onMessage: OnMessage;
  /** Called once, with the reason in words. @param isWrong the other end sent what is no frame or message */
  readonly onClose: (reason: string, isWrong: boolean) => void;
}

/**
 * Messages over one socket, in frames. What is sent within an event-loop turn leaves as one write, at `flush`. From
 * `protect` on every frame begins with a tag, and the first wrong one ends the link.
 */
export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #reader: FrameReader;
  #tags: LinkTags | null = null;
  #outbox: Buffer[] = [];
  #outboxBytes = 0;
  #closed = false;

  /**
   * @param socket connected
   * @param frameBytesMax largest frame that is read, until `protect`
   */
  constructor(socket: Socket, frameBytesMax: number, events: LinkEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#reader = new FrameReader(frameBytesMax);
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

  /** What was sent so far leaves as it is. All frames after that carry tags, and may be larger, in both directions. */
  protect(tags: LinkTags, frameBytesMax: number): void {
    this.flush();
    this.#tags = tags;
    this.#reader.frameBytesMax = frameBytesMax;
  }

  /** Sends a message of the root group, or one that concerns the link itself. */
  send(message: PeerMessage): void {
    this.sendEncoded(encodeMessage(ROOT_GROUP, message));
  }

  /** Sends a message that was encoded before, for several peers. */
  sendEncoded(message: Buffer): void {
    if (this.#closed) return;
    this.#outbox.push(message);
    this.#outboxBytes += message.length;
  }

  flush(): void {
    if (this.#closed || this.#outbox.length === 0) return;
    const outbox = this.#outbox;
    this.#outbox = [];
    if (this.#outboxBytes <= SHARED_FRAME_BYTES_MAX)
      this.#socket.write(this.#frameOf(outbox, this.#outboxBytes));
    else writeParts(this.#socket, this.#framesOf(outbox));
    this.#outboxBytes = 0;
    if (this.#socket.writableLength > LINK_BYTES_MAX) this.close('the peer does not read what it is sent');
  }

  /** Sends what waits, and ends the connection; `onClose` follows. */
  end(reason: string): void {
    this.flush();
    this.#socket.end();
    this.close(reason);
  }

  close(reason: string, isWrong = false): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox = [];
    if (!this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.destroySoon();
    this.#events.onClose(reason, isWrong);
  }

  /** Takes in bytes, from the socket or read from it before. */
  receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#events.onBytes();
    try {
      this.#reader.push(chunk, this.#onFrame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.message, true);
    }
  }

  readonly #onFrame = (frame: Buffer): void => {
    if (this.#closed) return;
    const tags = this.#tags;
    decodeMessages(tags === null ? frame : untagged(frame, tags.receiving), (group, message) => {
      if (this.#closed) return;
      if (this.#tags !== tags) throw new FrameError('a message follows in the last frame of a handshake');
      this.#events.onMessage(group, message);
    });
  };

  /** Messages that are together small, as nearly always: a copy costs less than a write of several parts. */
  #frameOf(messages: readonly Buffer[], bytes: number): Buffer {
    const start = LENGTH_BYTES + (this.#tags?.sending.bytes ?? 0);
    const frame = Buffer.allocUnsafe(start + bytes);
    this.#writeHeader(frame, messages, bytes);
    let at = start;
    for (const message of messages) at += message.copy(frame, at);
    return frame;
  }

  /** The parts of as many frames as it takes. A message that is large by itself is not copied. */
  #framesOf(messages: readonly Buffer[]): Buffer[] {
    const parts: Buffer[] = [];
    let shared: Buffer[] = [];
    let sharedBytes = 0;
    const endShared = (): void => {
      if (shared.length > 0) parts.push(this.#frameOf(shared, sharedBytes));
      shared = [];
      sharedBytes = 0;
    };
    for (const message of messages) {
      if (sharedBytes + message.length > SHARED_FRAME_BYTES_MAX) endShared();
      if (message.length > SHARED_FRAME_BYTES_MAX) {
        const header = Buffer.allocUnsafe(LENGTH_BYTES + (this.#tags?.sending.bytes ?? 0));
        this.#writeHeader(header, [message], message.length);
        parts.push(header, message);
        continue;
      }
      shared.push(message);
      sharedBytes += message.length;
    }
    endShared();
    return parts;
  }

  #writeHeader(frame: Buffer, payload: readonly Buffer[], payloadBytes: number): void {
    const tags = this.#tags?.sending ?? null;
    frame.writeUInt32BE((tags?.bytes ?? 0) + payloadBytes);
    tags?.next(payload).copy(frame, LENGTH_BYTES);
  }
}

/** The frame without its tag. @throws FrameError when the tag is not the one that is due */
function untagged(frame: Buffer, tags: FrameTags): Buffer {
  if (frame.length <= tags.bytes) throw new FrameError('a frame is shorter than its tag');
  const payload = frame.subarray(tags.bytes);
  if (sameTag(frame, tags.next([payload]))) return payload;
  throw new FrameError('a frame does not belong to this connection, or was changed on its way');
}
