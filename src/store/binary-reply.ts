import { AT, HEADER_BYTES, RESPONSE_MAGIC } from '../protocol/binary/wire-format.ts';
import { LARGE_BYTES_MIN, type LargeValues } from './large-values.ts';

/** The header of a reply in memcached's binary protocol. A reader has one object, and fills it for each reply. */
export class ReplyHeader {
  magic = 0;
  opcode = 0;
  keyBytes = 0;
  extrasBytes = 0;
  status = 0;
  /** Extras, key and value together. */
  bodyBytes = 0;
  opaque = 0;

  read(bytes: Buffer, at: number): void {
    this.magic = bytes[at]!;
    this.opcode = bytes[at + AT.opcode]!;
    this.keyBytes = bytes.readUInt16BE(at + AT.keyBytes);
    this.extrasBytes = bytes[at + AT.extrasBytes]!;
    this.status = bytes.readUInt16BE(at + AT.status);
    this.bodyBytes = bytes.readUInt32BE(at + AT.bodyBytes);
    this.opaque = bytes.readUInt32BE(at + AT.opaque);
  }
}

/** Takes the replies. After one of its methods has returned false, nothing more is read. */
export interface ReplySink {
  /** Called before memory is allocated for the body. @returns false when this is no reply to a request in flight */
  onHeader(header: ReplyHeader): boolean;
  /** @param body extras, key and value, in memory of its own */
  onReply(header: ReplyHeader, body: Buffer): boolean;
}

/**
 * Cuts a stream into replies. Every byte of a body is copied once, to its final place. Therefore a large value costs
 * no more in many pieces than in one, and the memory that the stream was read into can be used again.
 */
export class BinaryReplyReader {
  readonly #sink: ReplySink;
  readonly #large: LargeValues;
  readonly #header = new ReplyHeader();
  /** The part of a header that has arrived. */
  readonly #begun = Buffer.alloc(HEADER_BYTES);
  #begunBytes = 0;
  /** The body that is being filled; null between replies. */
  #body: Buffer | null = null;
  #bodyBytes = 0;
  #ended = false;

  /** @param large gives the memory for large bodies */
  constructor(sink: ReplySink, large: LargeValues) {
    this.#sink = sink;
    this.#large = large;
  }

  /** @param bytes the first `length` of them are the next of the stream; they may change after the call */
  read(bytes: Buffer, length: number): void {
    let at = 0;
    while (at < length && !this.#ended) {
      at = this.#body === null ? this.#readHeader(bytes, at, length) : this.#readBody(bytes, at, length);
    }
  }

  #readHeader(bytes: Buffer, at: number, length: number): number {
    if (this.#begunBytes === 0 && length - at >= HEADER_BYTES) {
      this.#onHeader(bytes, at);
      return at + HEADER_BYTES;
    }
    // A server that is no memcached is found out by its first byte, which may be all that it sends.
    if (this.#begunBytes === 0 && bytes[at] !== RESPONSE_MAGIC) {
      this.#begun.fill(0);
      this.#begun[0] = bytes[at]!;
      this.#onHeader(this.#begun, 0);
      return length;
    }
    const taken = bytes.copy(this.#begun, this.#begunBytes, at, Math.min(length, at + this.#headerMissing));
    this.#begunBytes += taken;
    if (this.#headerMissing === 0) {
      this.#begunBytes = 0;
      this.#onHeader(this.#begun, 0);
    }
    return at + taken;
  }

  get #headerMissing(): number {
    return HEADER_BYTES - this.#begunBytes;
  }

  #onHeader(bytes: Buffer, at: number): void {
    const header = this.#header;
    header.read(bytes, at);
    if (!this.#sink.onHeader(header)) this.#ended = true;
    else if (header.bodyBytes === 0) this.#onReply(NOTHING);
    else if (header.bodyBytes < LARGE_BYTES_MIN) this.#body = Buffer.allocUnsafe(header.bodyBytes);
    else this.#body = this.#large.take(header.bodyBytes);
  }

  #readBody(bytes: Buffer, at: number, length: number): number {
    const body = this.#body!;
    const taken = bytes.copy(body, this.#bodyBytes, at, length);
    this.#bodyBytes += taken;
    if (this.#bodyBytes === body.length) {
      this.#body = null;
      this.#bodyBytes = 0;
      this.#onReply(body);
    }
    return at + taken;
  }

  #onReply(body: Buffer): void {
    if (!this.#sink.onReply(this.#header, body)) this.#ended = true;
  }
}

const NOTHING = Buffer.alloc(0);
