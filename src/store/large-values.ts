/**
 * Memory for large values on their way from the store to a client, used again. Values of a megabyte each, left to the
 * garbage collector, have it go through everything several times a second.
 *
 * Whoever takes memory need not give it back: what is never sent is collected as any other. It comes back when the one
 * reply that holds it has been sent, and only where that was said of it (`lend`): others may keep what they have read.
 */
export class LargeValues {
  readonly #bytesMax: number;
  /** Free memory by the logarithm of its size. */
  readonly #free: Buffer[][] = [];
  #freeBytes = 0;
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #ours = new WeakSet<ArrayBufferLike>();

  /** @param bytesMax what is kept for the next values, at the most */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of it that are kept for the next values. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** @returns memory of this size that nobody else uses, with anything in it */
  take(bytes: number): Buffer {
    const size = Math.ceil(Math.log2(bytes));
    const memory = this.#free[size]?.pop();
    if (memory !== undefined) {
      this.#freeBytes -= memory.length;
      return memory.subarray(0, bytes);
    }
    const made = Buffer.allocUnsafeSlow(2 ** size);
    this.#ours.add(made.buffer);
    return made.subarray(0, bytes);
  }

  /** From now on nobody holds this value but one reply. */
  lend(value: Buffer): void {
    if (value.length >= LARGE_BYTES_MIN && this.#ours.has(value.buffer)) this.#lent.add(value.buffer);
  }

  /** A reply, or what of it is one large piece, is with the kernel. */
  onSent(part: Buffer): void {
    const memory = part.buffer;
    if (!this.#lent.delete(memory) || this.#freeBytes + memory.byteLength > this.#bytesMax) return;
    const size = Math.log2(memory.byteLength);
    this.#free[size] ??= [];
    this.#free[size].push(Buffer.from(memory));
    this.#freeBytes += memory.byteLength;
  }
}

/** Smaller values are left to the collector, in bytes. */
export const LARGE_BYTES_MIN = 65_536;

/** How much a controller keeps for the next values, in bytes. */
export const LARGE_VALUES_KEPT_BYTES = 16_777_216;
