import { Client, Server } from 'memjs';
import { AT, HEADER_BYTES, RESPONSE_MAGIC } from '../protocol/binary/wire-format.ts';

/**
 * memjs, with what it gets wrong for a long-lived, ordered, pipelined connection put right. What remains to
 * be known of it: one that has failed keeps half a reply, half-removed sockets and listeners, and must not be
 * used again; and it answers nothing when its socket is closed in good order.
 */

/** What is used of the socket that memjs makes itself. */
export interface MemjsSocket {
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end' | 'close', listener: () => void): this;
  removeAllListeners(event: string): this;
  removeListener(event: string, listener: () => void): this;
  setNoDelay(isOn: boolean): this;
  setTimeout(ms: number): this;
  cork(): void;
  uncork(): void;
  resume(): this;
  end(): this;
  destroy(): this;
  resetAndDestroy(): this;
  readonly destroyed: boolean;
  readonly closed: boolean;
}

/** Tells of the socket, and puts replies that come in pieces together with one copy. */
export class OneSocketServer extends Server {
  /** memjs's own: the connection from the first request on. */
  declare readonly _socket: MemjsSocket | undefined;

  /** Told when what comes is no reply, by its first byte. None of what came with it is parsed. */
  onForeignByte: () => void = () => {};

  /** Pieces of a reply of which the rest is still to come. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;

  /**
   * The original copies all that has come so far with every piece, which is quadratic in the size of a
   * value. Called by memjs for each piece; what is returned, and left in `responseBuffer`, it parses.
   */
  override appendToBuffer(piece: Buffer): Buffer {
    if (this.#pieces.length === 0) {
      if (this.responseBuffer.length === 0) return this.#expose(piece);
      this.#keep(this.responseBuffer);
    }
    this.#keep(piece);
    if (this.#piecesBytes < replyBytes(this.#pieces[0]!)) return this.#expose(NOTHING);
    const whole = Buffer.concat(this.#pieces, this.#piecesBytes);
    this.#pieces = [];
    this.#piecesBytes = 0;
    return this.#expose(whole);
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
  }

  /** memjs would look at no first byte, and wait for as much as it takes for a length. */
  #expose(received: Buffer): Buffer {
    const bytes = beginsWithReplies(received) ? received : NOTHING;
    if (bytes !== received) this.onForeignByte();
    (this as { responseBuffer: Buffer }).responseBuffer = bytes;
    return bytes;
  }
}

/** Numbers its requests so that the numbers stay valid. */
export class EndlessClient extends Client {
  /** The original runs into negative numbers, which it cannot write, after 2³¹ requests. */
  override incrSeq(): void {
    (this as { seq: number }).seq = (this.seq + 1) % SEQUENCE_END;
  }
}

export const SEQUENCE_END = 2 ** 31;

const NOTHING = Buffer.alloc(0);

/** Whether everything in here that should begin a reply does. */
function beginsWithReplies(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== RESPONSE_MAGIC) return false;
    if (bytes.length - at < HEADER_BYTES) return true;
    at += HEADER_BYTES + bytes.readUInt32BE(at + AT.bodyBytes);
  }
  return true;
}

/** How long the reply is that starts here; of a start too short to tell, the least that is needed to tell. */
function replyBytes(start: Buffer): number {
  return start.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + start.readUInt32BE(AT.bodyBytes);
}
