import { Client, Server, type ServerOptions } from 'memjs';
import { AT, HEADER_BYTES, RESPONSE_MAGIC } from '../protocol/binary/wire-format.ts';
import type { StoreAddress } from './store-connection.ts';

/**
 * memjs, corrected where it is wrong for a long-lived, ordered, pipelined connection. Two faults remain: a client
 * that has failed keeps half a reply, sockets and listeners, so it must not be used again; and it answers nothing
 * when its socket is closed without an error.
 */

/** The part of memjs's own socket that is used here. */
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

/** Shows its socket, and joins the pieces of a reply with one copy. */
export class OneSocketServer extends Server {
  /** memjs's own: the connection from the first request on. */
  declare readonly _socket: MemjsSocket | undefined;

  /** Called when the first byte shows that the bytes are no reply. None of them is parsed. */
  readonly #onForeignByte: () => void;

  /** The pieces of a reply that is not complete. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;

  constructor({ host, port }: StoreAddress, options: ServerOptions, onForeignByte: () => void) {
    super(host, port, undefined, undefined, options);
    this.#onForeignByte = onForeignByte;
  }

  /**
   * Called by memjs for each piece. memjs parses the bytes that are returned, and left in `responseBuffer`. The
   * original method copies everything that has arrived with every piece, which takes quadratic time for a large
   * value.
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

  /** memjs itself does not check the first byte, and would wait for as many bytes as it takes to be a length. */
  #expose(received: Buffer): Buffer {
    const bytes = beginsWithReplies(received) ? received : NOTHING;
    if (bytes !== received) this.#onForeignByte();
    (this as { responseBuffer: Buffer }).responseBuffer = bytes;
    return bytes;
  }
}

/** A client whose request numbers stay valid. */
export class EndlessClient extends Client {
  /** After 2³¹ requests the original numbers become negative, and can't be written. */
  override incrSeq(): void {
    (this as { seq: number }).seq = (this.seq + 1) % SEQUENCE_END;
  }
}

export const SEQUENCE_END = 2 ** 31;

const NOTHING = Buffer.alloc(0);

/** Every reply in these bytes begins as a reply does. */
function beginsWithReplies(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== RESPONSE_MAGIC) return false;
    if (bytes.length - at < HEADER_BYTES) return true;
    at += HEADER_BYTES + bytes.readUInt32BE(at + AT.bodyBytes);
  }
  return true;
}

/** Length of the reply that starts here; while the header is not complete, the length of the header. */
function replyBytes(start: Buffer): number {
  return start.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + start.readUInt32BE(AT.bodyBytes);
}
