/** What is at most copied among the small parts, in bytes; a longer value is sent from where it lies. */
export const COPY_BYTES_MAX = 4096;

/** Size of the pieces of memory that small parts are gathered in, in bytes. */
const SLAB_BYTES = 16_384;

/** Rests of slabs kept for the next replies of any connection; what exceeds this number is left to the collector. */
const SPARE_SLABS_MAX = 64;

/** A rest of a slab that is smaller than this, in bytes, is not worth keeping. */
const SPARE_BYTES_MIN = 512;

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT = 3;

const EMPTY = Buffer.alloc(0);

/**
 * Free memory between replies. An idle connection holds none of it. It is used up, never reused: a part that
 * was handed out may be on its way to a socket for as long as that takes.
 */
const spares: Buffer[] = [];

/**
 * What one connection has to send, gathered so that an event-loop turn ends in one write of few buffers: small
 * parts are copied next to each other, large ones are kept by reference and must not change until sent.
 */
export class ReplyBuffer {
  #parts: Buffer[] = [];
  /** The slab being filled: `#from` to `#at` has been written and is not in `#parts` yet. */
  #slab: Buffer = EMPTY;
  #from = 0;
  #at = 0;
  #partsBytes = 0;

  get byteLength(): number {
    return this.#partsBytes + this.#at - this.#from;
  }

  /** Appends a string of characters up to U+00FF, one byte each: what keys are. */
  text(text: string): void {
    this.#reserve(text.length);
    this.#at += this.#slab.write(text, this.#at, 'latin1');
  }

  /** Appends any string, as UTF-8. */
  utf8(text: string): void {
    this.#reserve(text.length * UTF8_BYTES_PER_UNIT);
    this.#at += this.#slab.write(text, this.#at, 'utf8');
  }

  bytes(bytes: Buffer): void {
    if (bytes.length > COPY_BYTES_MAX) {
      this.#seal();
      this.#parts.push(bytes);
      this.#partsBytes += bytes.length;
      return;
    }
    this.#reserve(bytes.length);
    this.#at += bytes.copy(this.#slab, this.#at);
  }

  /** All that was appended since the last time, in order; the caller has it to itself. */
  take(): Buffer[] {
    this.#seal();
    this.#retireSlab();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsBytes = 0;
    return parts;
  }

  #reserve(bytes: number): void {
    if (this.#slab.length - this.#at >= bytes) return;
    this.#seal();
    const spare = spares.pop();
    this.#retireSlab();
    const fits = spare !== undefined && spare.length >= bytes;
    this.#slab = fits ? spare : Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
  }

  #seal(): void {
    if (this.#at === this.#from) return;
    this.#parts.push(this.#slab.subarray(this.#from, this.#at));
    this.#partsBytes += this.#at - this.#from;
    this.#from = this.#at;
  }

  #retireSlab(): void {
    const rest = this.#slab.length - this.#at;
    if (rest >= SPARE_BYTES_MIN && spares.length < SPARE_SLABS_MAX)
      spares.push(this.#slab.subarray(this.#at));
    this.#slab = EMPTY;
    this.#from = 0;
    this.#at = 0;
  }
}
