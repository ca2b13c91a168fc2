import { FrameError } from '../../src/base/byte-writer.ts';

/**
 * A slow and obvious reader of frames, to compare with the real one: it keeps the whole stream, and reads it from the
 * front each time.
 */
export class TwinFrameReader {
  readonly #frameBytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  push(chunk: Buffer, onBody: (body: Buffer) => void): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 4) {
      const length = this.#bytes.readUInt32BE(0);
      if (length === 0 || length > this.#frameBytesMax) throw new FrameError('refused');
      if (this.#bytes.length < 4 + length) return;
      onBody(this.#bytes.subarray(4, 4 + length));
      this.#bytes = this.#bytes.subarray(4 + length);
    }
  }
}
