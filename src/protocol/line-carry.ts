import { LINE_BYTES_MAX, SHORT_LINE_BYTES_MAX } from './limits.ts';

const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 128;

/**
 * The beginning of a line that spans chunks. The memory doubles when it is full, so that a line that comes one byte
 * at a time is copied a constant number of times. It never grows beyond `LINE_BYTES_MAX`, because the caller checks
 * that first.
 */
export class LineCarry {
  bytes: Buffer = EMPTY;
  length = 0;

  append(source: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) this.#grow(length);
    source.copy(this.bytes, this.length, start, end);
    this.length = length;
  }

  /** Forgets the line. The memory of a long line is freed as well, so that idle connections stay small. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > SHORT_LINE_BYTES_MAX) this.bytes = EMPTY;
  }

  #grow(length: number): void {
    const size = Math.min(LINE_BYTES_MAX, Math.max(FIRST_BYTES, 2 * this.bytes.length, length));
    const bytes = Buffer.allocUnsafe(size);
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }
}
