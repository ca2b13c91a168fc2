import { freeBytesOf, type Slab, type SlabPool } from './slab-pool.ts';

/** A part up to this size is copied among the small parts, in bytes. A larger one is sent from where it lies. */
export const COPY_BYTES_MAX = 4096;

/** Size of the slabs in which small parts are gathered, in bytes. */
const SLAB_BYTES = 16_384;

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT = 3;

/** A slab without space, which is never written to. */
const NO_SLAB: Slab = { bytes: Buffer.alloc(0), at: 0 };

/**
 * The replies that one connection has to send, gathered so that an event-loop turn ends in one write of few buffers.
 * Small parts are copied next to each other. Large parts are kept by reference, and must not change until they are
 * sent.
 */
export class ReplyBuffer {
  readonly #pool: SlabPool;
  #parts: Buffer[] = [];
  /** The slab that is being filled. Its bytes from `#from` on are not in `#parts` yet. */
  #slab = NO_SLAB;
  #from = 0;
  #partsBytes = 0;

  /** @param pool memory for small parts, shared with other connections */
  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get byteLength(): number {
    return this.#partsBytes + this.#slab.at - this.#from;
  }

  /** Appends a string of characters up to U+00FF, such as a key, one byte each. */
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

  /** Takes everything that was appended since the last call, in order. The caller owns the list. */
  take(): Buffer[] {
    const parts = this.#takeParts();
    this.#retireSlab();
    return parts;
  }

  /** The usual case is one part. A list literal of one part takes less memory than a list that grows. */
  #takeParts(): Buffer[] {
    const { bytes, at } = this.#slab;
    if (this.#parts.length === 0) return at === this.#from ? [] : [bytes.subarray(this.#from, at)];
    this.#seal();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsBytes = 0;
    return parts;
  }

  /** @returns a slab with space for so many bytes */
  #slabFor(bytes: number): Slab {
    if (freeBytesOf(this.#slab) >= bytes) return this.#slab;
    this.#seal();
    const spare = this.#pool.take();
    this.#retireSlab();
    const fits = spare !== undefined && freeBytesOf(spare) >= bytes;
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
    this.#pool.give(this.#slab);
    this.#slab = NO_SLAB;
    this.#from = 0;
  }
}
