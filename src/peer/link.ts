import { FrameError, type Written } from '../base/byte-writer.ts';
import type { Connection } from '../base/transport.ts';
import { writeParts } from '../base/write-parts.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { FIRST_WITH_PLACEMENTS } from './cluster-identity.ts';
import { decodeMessages, encodeParts, type OnMessage } from './codec.ts';
import { FrameReader, LENGTH_BYTES } from './frame-reader.ts';
import { type FrameTags, type LinkTags, sameTag } from './frame-tags.ts';
import type { PeerMessage } from './messages.ts';
import { FIRST_WITH_GROUPS } from './version-2.ts';

/** Most bytes of messages that share a frame. A larger message has a frame of its own. */
const SHARED_FRAME_BYTES_MAX = 65_536;

/** A link is closed when more than this waits to be sent, in bytes, since its peer does not read. */
export const LINK_BYTES_MAX = 268_435_456;

export interface Traffic {
  readonly read: number;
  readonly written: number;
}

export interface LinkEvents {
  /** Bytes have arrived, which shows that the peer is alive. */
  readonly onBytes: () => void;
  readonly onMessage: OnMessage;
  /** Called once. @param reason human-readable @param isWrong the other end sent bytes that are no frame or message */
  readonly onClose: (reason: string, isWrong: boolean) => void;
}

/** `plain`: the handshake is under way, and frames carry no tags. `protected`: every frame begins with a tag. */
type Phase =
  | { readonly is: 'plain' }
  | { readonly is: 'protected'; readonly tags: LinkTags }
  | { readonly is: 'closed' };

const PLAIN: Phase = { is: 'plain' };
const CLOSED: Phase = { is: 'closed' };

/**
 * Messages over one connection, in frames. The messages that are sent within an event-loop turn leave as one write, at
 * `flush`. A protected link ends at the first frame with a wrong tag.
 */
export class Link {
  /** The peer's release knows placements, and the messages that carry them. */
  readonly knowsPlacements: boolean;
  /** Messages name their group. In older versions of the protocol the type of a message implies the group. */
  readonly namesGroups: boolean;
  readonly #connection: Connection;
  readonly #events: LinkEvents;
  readonly #reader: FrameReader;
  #phase: Phase = PLAIN;
  #outbox: Written[] = [];
  #outboxBytes = 0;

  /**
   * @param connection on which the prefaces have been exchanged
   * @param version of the peer protocol
   * @param frameBytesMax largest frame that is read, until `becomeProtected`
   */
  constructor(connection: Connection, version: number, frameBytesMax: number, events: LinkEvents) {
    this.namesGroups = version >= FIRST_WITH_GROUPS;
    this.knowsPlacements = version >= FIRST_WITH_PLACEMENTS;
    this.#connection = connection;
    this.#events = events;
    this.#reader = new FrameReader(frameBytesMax);
    connection.handle({
      onData: (chunk) => this.receive(chunk),
      onLent: (bytes) => this.receive(bytes, true),
      onError: (error) => this.close(error.message),
      // Peers never close one direction alone.
      onEnd: () => this.close('the connection was closed'),
      onClose: () => this.close('the connection was closed'),
    });
  }

  get closed(): boolean {
    return this.#phase.is === 'closed';
  }

  /** Bytes received and sent since the connection was made. */
  get traffic(): Traffic {
    return { read: this.#connection.bytesRead, written: this.#connection.bytesWritten };
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.#outboxBytes + this.#connection.waitingBytes;
  }

  /** All frames after those that were sent so far carry tags, and may be larger, in both directions. */
  becomeProtected(tags: LinkTags, frameBytesMax: number): void {
    if (this.#phase.is !== 'plain') return;
    this.flush();
    this.#phase = { is: 'protected', tags };
    this.#reader.frameBytesMax = frameBytesMax;
  }

  /** Sends a message of the root group, or one that concerns the link itself. */
  send(message: PeerMessage): void {
    this.sendEncoded(encodeParts(ROOT_GROUP, message));
  }

  /** Sends a message that is encoded already. The same bytes may go to several peers. */
  sendEncoded(message: Written): void {
    if (this.#phase.is === 'closed') return;
    this.#outbox.push(message);
    this.#outboxBytes += message.length;
  }

  flush(): void {
    if (this.#outbox.length === 0) return;
    const outbox = this.#outbox;
    this.#outbox = [];
    if (this.#outboxBytes <= SHARED_FRAME_BYTES_MAX)
      this.#connection.write(this.#frameOf(outbox, this.#outboxBytes));
    else writeParts(this.#connection, this.#framesOf(outbox));
    this.#outboxBytes = 0;
    if (this.#connection.waitingBytes > LINK_BYTES_MAX) this.close('the peer does not read what it is sent');
  }

  /** Sends the messages that wait, and ends the connection; `onClose` follows. */
  end(reason: string): void {
    if (this.#phase.is === 'closed') return;
    this.flush();
    if (this.#becomeClosed()) {
      this.#connection.closeWhenSent();
      this.#events.onClose(reason, false);
    }
  }

  close(reason: string, isWrong = false): void {
    if (!this.#becomeClosed()) return;
    this.#connection.destroy();
    this.#events.onClose(reason, isWrong);
  }

  /** @returns whether it was open until now */
  #becomeClosed(): boolean {
    if (this.#phase.is === 'closed') return false;
    this.#phase = CLOSED;
    this.#outbox = [];
    return true;
  }

  /** Takes in bytes of the connection. @param isLent they are overwritten once it returns */
  receive(chunk: Buffer, isLent = false): void {
    if (this.#phase.is === 'closed') return;
    this.#events.onBytes();
    try {
      this.#reader.push(chunk, this.#onFrame, isLent);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.message, true);
    }
  }

  readonly #onFrame = (frame: Buffer): void => {
    const phase = this.#phase;
    if (phase.is === 'closed') return;
    const payload = phase.is === 'protected' ? untagged(frame, phase.tags.receiving) : frame;
    decodeMessages(payload, (group, message) => {
      if (this.#phase.is === 'closed') return;
      if (this.#phase !== phase) throw new FrameError('a message follows in the last frame of a handshake');
      if (group !== ROOT_GROUP && !this.namesGroups) throw new FrameError(`a message names group ${group}`);
      this.#events.onMessage(group, message);
    });
  };

  /** Makes the tags of the frames that are sent; null while frames carry none. */
  get #sendingTags(): FrameTags | null {
    return this.#phase.is === 'protected' ? this.#phase.tags.sending : null;
  }

  /** One frame for small messages, as nearly always: to copy them costs less than a write of several parts. */
  #frameOf(messages: readonly Written[], bytes: number): Buffer {
    const start = LENGTH_BYTES + (this.#sendingTags?.bytes ?? 0);
    const frame = Buffer.allocUnsafe(start + bytes);
    let at = start;
    for (const { parts } of messages) for (const part of parts) at += part.copy(frame, at);
    const [first] = messages;
    this.#writeHeader(frame, messages.length === 1 ? first!.parts : [frame.subarray(start)], bytes);
    return frame;
  }

  /** The parts of as many frames as are needed. A message that is large by itself is not copied. */
  #framesOf(messages: readonly Written[]): Buffer[] {
    const frames: Buffer[] = [];
    let shared: Written[] = [];
    let sharedBytes = 0;
    const endShared = (): void => {
      if (shared.length > 0) frames.push(this.#frameOf(shared, sharedBytes));
      shared = [];
      sharedBytes = 0;
    };
    for (const message of messages) {
      if (sharedBytes + message.length > SHARED_FRAME_BYTES_MAX) endShared();
      if (message.length > SHARED_FRAME_BYTES_MAX) {
        const header = Buffer.allocUnsafe(LENGTH_BYTES + (this.#sendingTags?.bytes ?? 0));
        this.#writeHeader(header, message.parts, message.length);
        frames.push(header, ...message.parts);
        continue;
      }
      shared.push(message);
      sharedBytes += message.length;
    }
    endShared();
    return frames;
  }

  #writeHeader(frame: Buffer, payload: readonly Buffer[], payloadBytes: number): void {
    const tags = this.#sendingTags;
    frame.writeUInt32BE((tags?.bytes ?? 0) + payloadBytes);
    tags?.next(payload).copy(frame, LENGTH_BYTES);
  }
}

/** The frame without its tag. @throws FrameError when the tag is not that of the next frame */
function untagged(frame: Buffer, tags: FrameTags): Buffer {
  if (frame.length <= tags.bytes) throw new FrameError('a frame is shorter than its tag');
  const payload = frame.subarray(tags.bytes);
  if (sameTag(frame, tags.next([payload]))) return payload;
  throw new FrameError('a frame does not belong to this connection, or was changed on its way');
}
