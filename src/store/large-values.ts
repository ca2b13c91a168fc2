/**
 * Memory for large values on their way from the store to a client, which is used again. If the garbage collector had
 * to free values of a megabyte each, it would run several times a second.
 *
 * Memory that is taken need not be given back: if its value is never sent, the collector frees it. It is used again
 * once the reply that has the value was sent, and only after `lend`, since other parts may keep a value that they
 * have read.
 */
export class LargeValues {
  readonly #bytesMax: number;
  /** Free memory by the logarithm of its size. */
  readonly #free: Buffer[][] = [];
  #freeBytes = 0;
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #ours = new WeakSet<ArrayBufferLike>();

  /** @param bytesMax most free memory that is kept for the next values */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Free memory that is kept for the next values, in bytes. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** @returns memory of this size that is in no other use; it is not cleared */
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

  /** From now on the value is in one reply, and nowhere else. */
  lend(value: Buffer): void {
    if (value.length >= LARGE_BYTES_MIN && this.#ours.has(value.buffer)) this.#lent.add(value.buffer);
  }

  /** A reply, or one large piece of it, was handed to the kernel. */
  onSent(part: Buffer): void {
    const memory = part.buffer;
    if (!this.#lent.delete(memory) || this.#freeBytes + memory.byteLength > this.#bytesMax) return;
    const size = Math.log2(memory.byteLength);
    this.#free[size] ??= [];
    this.#free[size].push(Buffer.from(memory));
    this.#freeBytes += memory.byteLength;
  }
}

/** The collector frees smaller values, in bytes. */
export const LARGE_BYTES_MIN = 65_536;

/** Most free memory that a controller keeps for the next values, in bytes. */
export const LARGE_VALUES_KEPT_BYTES = 16_777_216;
