/**
 * Writes fixed-size numbers, strings and bytes one after the other into a buffer that grows. Large bytes are not copied
 * into it, and must not change from then on.
 */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;
  /** What was written before `#from`, in order: pieces of the buffer, and large bytes where they lie. */
  #parts: Buffer[] | null = null;
  #partsBytes = 0;
  /** What was written into the buffer from here on is not in `#parts` yet. */
  #from = 0;

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#partsBytes + this.#length - this.#from;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
  }

  /** Writes a safe integer that is not negative. */
  u53(value: number): void {
    this.numberWith(0, value);
  }

  /** Writes a safe integer that is not negative, with a byte in place of its highest one, which is 0. */
  numberWith(highest: number, value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32) + highest * 2 ** 24, this.#length);
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  u64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigUInt64BE(value, this.#length);
  }

  /** Writes a string of Latin-1 characters, with its length in front. */
  text(value: string): void {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#length += this.#buffer.write(value, this.#length, 'latin1');
  }

  bytes(value: Buffer): void {
    this.u32(value.length);
    if (isLarge(value.length)) return this.#refer(value);
    this.#reserve(value.length);
    this.#length += value.copy(this.#buffer, this.#length);
  }

  /** The bytes that were written, in one piece or in several. The writer must not be used afterwards. */
  finish(): Written {
    if (this.#parts === null)
      return { parts: [this.#buffer.subarray(0, this.#length)], length: this.#length };
    this.#seal(this.#parts);
    return { parts: this.#parts, length: this.#partsBytes };
  }

  #refer(value: Buffer): void {
    const parts = this.#parts ?? [];
    this.#parts = parts;
    this.#seal(parts);
    parts.push(value);
    this.#partsBytes += value.length;
  }

  #seal(parts: Buffer[]): void {
    if (this.#length === this.#from) return;
    parts.push(this.#buffer.subarray(this.#from, this.#length));
    this.#partsBytes += this.#length - this.#from;
    this.#from = this.#length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed - this.#from, this.#buffer.length * 2));
    this.#length = this.#buffer.copy(larger, 0, this.#from, this.#length);
    this.#from = 0;
    this.#buffer = larger;
  }
}

/** What a writer has written. */
export interface Written {
  readonly parts: readonly Buffer[];
  /** All parts together, in bytes. */
  readonly length: number;
}

export function inOnePiece({ parts, length }: Written): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
}

/** Bytes of this length are not copied: to copy less costs no more than a further part of a write. */
export function isLarge(bytes: number): boolean {
  return bytes >= LARGE_BYTES_MIN;
}

const LARGE_BYTES_MIN = 16_384;

/** Reads bytes that a `ByteWriter` wrote. Reading past the end throws a `FrameError`. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    this.#require(1);
    return this.#buffer[this.#at++]!;
  }

  u32(): number {
    this.#require(4);
    const value = this.#buffer.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  u53(): number {
    const high = this.u32();
    const value = high * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new FrameError('a number is too large');
    return value;
  }

  /** The next byte, which is to be read again. */
  peek(): number {
    this.#require(1);
    return this.#buffer[this.#at]!;
  }

  /** A safe integer whose highest byte has another meaning. */
  lower53(): number {
    const high = this.u32() & 0xff_ffff;
    const value = high * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new FrameError('a number is too large');
    return value;
  }

  u64(): bigint {
    this.#require(8);
    const value = this.#buffer.readBigUInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const start = this.#skip();
    return this.#buffer.toString('latin1', start, this.#at);
  }

  /** A view of the frame, not a copy. */
  bytes(): Buffer {
    const start = this.#skip();
    return this.#buffer.subarray(start, this.#at);
  }

  /**
   * The number of items that follow, each of at least this many bytes. @throws FrameError when the frame is too
   * short
   */
  count(itemBytesMin: number): number {
    const count = this.u32();
    if (count * itemBytesMin > this.remaining) throw new FrameError(`${count} items do not fit their frame`);
    return count;
  }

  /** Skips bytes with their length in front. @returns the start of the bytes; the reader is at their end then */
  #skip(): number {
    const length = this.u32();
    this.#require(length);
    const start = this.#at;
    this.#at += length;
    return start;
  }

  #require(bytes: number): void {
    if (this.remaining < bytes) throw new FrameError('a frame ended early');
  }
}

/** The bytes of a peer are no frame of the peer protocol. The link is closed. */
export class FrameError extends Error {
  readonly code = 'BAD_FRAME';

  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}
