/** A piece of memory that is written up to `at`. */
export interface Slab {
  readonly bytes: Buffer;
  at: number;
}

/**
 * Free memory between replies, for all connections that share the pool: an idle connection holds none. Memory is
 * used up, and never used twice, because a part of a reply may be on its way to a socket for any length of time.
 */
export class SlabPool {
  readonly #spares: Slab[] = [];

  /** Takes a spare slab out, if there is one. */
  take(): Slab | undefined {
    return this.#spares.pop();
  }

  /** Keeps what is free of a slab for the next reply. */
  give(slab: Slab): void {
    if (freeBytesOf(slab) >= SPARE_BYTES_MIN && this.#spares.length < SPARE_SLABS_MAX)
      this.#spares.push(slab);
  }
}

export function freeBytesOf({ bytes, at }: Slab): number {
  return bytes.length - at;
}

/** Spare slabs that are kept for later replies of any connection. Further ones are left to the garbage collector. */
const SPARE_SLABS_MAX = 64;

/** A slab with less free space than this, in bytes, is not kept. */
const SPARE_BYTES_MIN = 512;
