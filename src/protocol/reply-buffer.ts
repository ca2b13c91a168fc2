/** A part up to this size is copied among the small parts, in bytes. A larger one is sent from where it lies. */
export const COPY_BYTES_MAX = 4096;

/** Size of the slabs in which small parts are gathered, in bytes. */
const SLAB_BYTES = 16_384;

/** Spare slabs that are kept for later replies of any connection. Further ones are left to the garbage collector. */
const SPARE_SLABS_MAX = 64;

/** A slab with less free space than this, in bytes, is not kept. */
const SPARE_BYTES_MIN = 512;

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT = 3;

/** A piece of memory that is written up to `at`. */
interface Slab {
  readonly bytes: Buffer;
  at: number;
}

/** A slab without space, which is never written to. */
const NO_SLAB: Slab = { bytes: Buffer.alloc(0), at: 0 };

/**
 * Free memory between replies: an idle connection holds none. Memory is used up, and never used twice, because a part
 * may be on its way to a socket for any length of time.
 */
const spares: Slab[] = [];

/**
 * The replies that one connection has to send, gathered so that an event-loop turn ends in one write of few buffers.
 * Small parts are copied next to each other. Large parts are kept by reference, and must not change until they are
 * sent.
 */
export class ReplyBuffer {
  #parts: Buffer[] = [];
  /** The slab that is being filled. Its bytes from `#from` on are not in `#parts` yet. */
  #slab = NO_SLAB;
  #from = 0;
  #partsBytes = 0;

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
