import { FrameError } from '../base/byte-writer.ts';

/** Every frame begins with its length in this many bytes, which the length does not include. */
export const LENGTH_BYTES = 4;

/**
 * Cuts a byte stream into frames. A frame that lies within one chunk is a view of the chunk, or a copy if the chunk is
 * lent. A frame that spans chunks is gathered in a buffer that grows with the bytes that have arrived, so that a length
 * that is only claimed takes at most `GATHER_BYTES_FIRST` of memory.
 */
export class FrameReader {
  /** A larger frame is refused as soon as its length is known. */
  frameBytesMax: number;
  readonly #header = Buffer.alloc(LENGTH_BYTES);
  #headerLength = 0;
  #body: Buffer | null = null;
  #bodyLength = 0;
  #bodyExpected = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /**
   * Calls `onBody` for every frame that the chunk completes.
   *
   * @param isLent the chunk may be overwritten afterwards @throws FrameError
   */
  push(chunk: Buffer, onBody: (body: Buffer) => void, isLent = false): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === null) {
        const start = this.#readHeader(chunk, at);
        if (start === null) return;
        at = start.next;
        if (chunk.length - at >= start.length) {
          const body = chunk.subarray(at, at + start.length);
          onBody(isLent ? Buffer.from(body) : body);
          at += start.length;
          continue;
        }
        this.#body = Buffer.allocUnsafe(Math.min(start.length, GATHER_BYTES_FIRST));
        this.#bodyLength = 0;
        this.#bodyExpected = start.length;
      }
      at += this.#fill(this.#body, chunk, at);
      if (this.#bodyLength === this.#bodyExpected) {
        const body = this.#body;
        this.#body = null;
        onBody(body);
      }
    }
  }

  #readHeader(chunk: Buffer, at: number): { length: number; next: number } | null {
    let next = at;
    while (this.#headerLength < LENGTH_BYTES && next < chunk.length) {
      this.#header[this.#headerLength++] = chunk[next++]!;
    }
    if (this.#headerLength < LENGTH_BYTES) return null;
    this.#headerLength = 0;
    const length = this.#header.readUInt32BE(0);
    if (length === 0) throw new FrameError('an empty frame');
    if (length > this.frameBytesMax) throw new FrameError(`a frame of ${length} bytes is above the limit`);
    return { length, next };
  }

  /** @returns how many bytes of the chunk were taken: as many as the buffer has space for */
  #fill(body: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(body, this.#bodyLength, at);
    this.#bodyLength += copied;
    const isFull = this.#bodyLength === body.length && this.#bodyLength < this.#bodyExpected;
    if (isFull) {
      this.#body = Buffer.allocUnsafe(Math.min(this.#bodyExpected, body.length * GATHER_GROWTH));
      body.copy(this.#body);
    }
    return copied;
  }
}

/**
 * Size of the buffer for a frame of which only a part has arrived, in bytes, and its growth each time that it is
 * full.
 */
const GATHER_BYTES_FIRST = 262_144;
const GATHER_GROWTH = 4;
