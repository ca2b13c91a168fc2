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

/** A piece of memory, written up to `at`. */
interface Slab {
  readonly bytes: Buffer;
  at: number;
}

/** Has no room, and so is never written to. */
const NO_SLAB: Slab = { bytes: Buffer.alloc(0), at: 0 };

/**
 * Free memory between replies. An idle connection holds none of it. It is used up, never reused: a part that
 * was handed out may be on its way to a socket for as long as that takes.
 */
const spares: Slab[] = [];

/**
 * What one connection has to send, gathered so that an event-loop turn ends in one write of few buffers: small
 * parts are copied next to each other, large ones are kept by reference and must not change until sent.
 */
export class ReplyBuffer {
  #parts: Buffer[] = [];
  /** Being filled: what was written from `#from` on is not in `#parts` yet. */
  #slab = NO_SLAB;
  #from = 0;
  #partsBytes = 0;

  get byteLength(): number {
    return this.#partsBytes + this.#slab.at - this.#from;
  }

  /** Appends a string of characters up to U+00FF, one byte each: what keys are. */
  text(text: string): void {
    const slab = this.#slabFor(text.length);
    slab.at += slab.bytes.write(text, slab.at, 'latin1');
  }

  /** Appends any string, as UTF-8. */
  utf8(text: string): void {
    const slab = this.#slabFor(text.length * UTF8_BYTES_PER_UNIT);
    slab.at += slab.bytes.write(text, slab.at, 'utf8');
  }

  bytes(bytes: Buffer): void {
    if (bytes.length > COPY_BYTES_MAX) {
      this.#seal();
      this.#parts.push(bytes);
      this.#partsBytes += bytes.length;
      return;
    }
    const slab = this.#slabFor(bytes.length);
    slab.bytes.set(bytes, slab.at);
    slab.at += bytes.length;
  }

  /** All that was appended since the last time, in order; the caller has it to itself. */
  take(): Buffer[] {
    const parts = this.#takeParts();
    this.#retireSlab();
    return parts;
  }

  /** Nearly always there is one part. A list that has it from the beginning takes less memory than one that it is added to. */
  #takeParts(): Buffer[] {
    const { bytes, at } = this.#slab;
    if (this.#parts.length === 0) return at === this.#from ? [] : [bytes.subarray(this.#from, at)];
    this.#seal();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsBytes = 0;
    return parts;
  }

  /** @returns the slab to go on in, with room for so many bytes */
  #slabFor(bytes: number): Slab {
    if (roomIn(this.#slab) >= bytes) return this.#slab;
    this.#seal();
    const spare = spares.pop();
    this.#retireSlab();
    const fits = spare !== undefined && roomIn(spare) >= bytes;
    this.#slab = fits ? spare : { bytes: Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes)), at: 0 };
    this.#from = this.#slab.at;
    return this.#slab;
  }

  #seal(): void {
    const { bytes, at } = this.#slab;
    if (at === this.#from) return;
    this.#parts.push(bytes.subarray(this.#from, at));
    this.#partsBytes += at - this.#from;
    this.#from = at;
  }

  #retireSlab(): void {
    if (roomIn(this.#slab) >= SPARE_BYTES_MIN && spares.length < SPARE_SLABS_MAX) spares.push(this.#slab);
    this.#slab = NO_SLAB;
    this.#from = 0;
  }
}

function roomIn({ bytes, at }: Slab): number {
  return bytes.length - at;
}
