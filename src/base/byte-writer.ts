/** Writes fixed-size numbers, strings and bytes one after the other into a buffer that grows. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
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
    this.#reserve(8);
    this.#length = this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32), this.#length);
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
    this.#reserve(value.length);
    this.#length += value.copy(this.#buffer, this.#length);
  }

  /** Overwrites four bytes that were written before. */
  patchU32(value: number, at: number): void {
    this.#buffer.writeUInt32BE(value, at);
  }

  /** The bytes that were written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

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
