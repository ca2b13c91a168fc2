import { ITEM_OVERHEAD_BYTES } from '../limits.ts';

/** memcached's defaults: `-n`, `-f`, the alignment of chunks, and the largest chunk, in bytes. */
const CHUNK_BYTES_MIN = 96;
const GROWTH = 1.25;
const ALIGNMENT_BYTES = 8;
const CHUNK_BYTES_MAX = 524_288;

const CHUNKS = chunkSizes();

/** The size of the entry as an item of memcached, in bytes. */
export function itemBytes(keyBytes: number, flags: number, valueBytes: number): number {
  return ITEM_OVERHEAD_BYTES + keyBytes + (flags === 0 ? 0 : 4) + valueBytes;
}

/** The slab class into which a memcached with its defaults would put an item of this size. */
export function slabClass(bytes: number): number {
  const index = CHUNKS.findIndex((size) => bytes <= size);
  return index === -1 ? CHUNKS.length : index + 1;
}

function chunkSizes(): number[] {
  const sizes: number[] = [];
  let size = CHUNK_BYTES_MIN;
  while (size <= CHUNK_BYTES_MAX / GROWTH) {
    sizes.push(size);
    size = Math.ceil(Math.trunc(size * GROWTH) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }
  return [...sizes, CHUNK_BYTES_MAX];
}
