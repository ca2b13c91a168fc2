import { FrameError } from './byte-writer.ts';
import { LENGTH_BYTES } from './codec.ts';

/**
 * Cuts a byte stream into frame bodies. A frame whole in one chunk is a view of it; one that spans chunks is
 * gathered into a buffer of its announced size.
 */
export class FrameReader {
  /** A larger frame is refused before anything is kept for it. */
  frameBytesMax: number;
  readonly #header = Buffer.alloc(LENGTH_BYTES);
  #headerLength = 0;
  #body: Buffer | null = null;
  #bodyLength = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Calls `onBody` for every frame that the chunk completes. @throws FrameError */
  push(chunk: Buffer, onBody: (body: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body === null) {
        const start = this.#readHeader(chunk, at);
        if (start === null) return;
        at = start.next;
        if (chunk.length - at >= start.length) {
          onBody(chunk.subarray(at, at + start.length));
          at += start.length;
          continue;
        }
        this.#body = Buffer.allocUnsafe(start.length);
        this.#bodyLength = 0;
      }
      at += this.#fill(chunk, at);
      if (this.#bodyLength === this.#body.length) {
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

  #fill(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#body!, this.#bodyLength, at);
    this.#bodyLength += copied;
    return copied;
  }
}
