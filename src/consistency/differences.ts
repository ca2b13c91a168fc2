import type { ChainSum } from '../ordering/effect.ts';
import { exceedsItemLimit } from '../protocol/limits.ts';
import type { StorageRequest } from '../protocol/request.ts';
import type { DifferenceBase } from '../replication/evaluation.ts';
import { PART_TRAILER_BYTES } from '../store/envelope-parts.ts';

/** When `append` and `prepend` replicate what they add, and not the whole value. */
export interface DifferenceLimits {
  /** A smaller value is always written whole, in bytes. */
  readonly baseBytesMin: number;
  /** After so many differences the value is written whole. */
  readonly countMax: number;
  /** What a difference takes beside its bytes, on disk and between controllers: its flat rate in the sum of a chain. */
  readonly overheadBytes: number;
}

/**
 * A chain never takes more than its value: the whole value is written once the differences come to as much. So a value
 * that grows from nothing by small pieces costs twice what the differences cost.
 *
 * The count bounds how many entries of the log are read to put a value together. A value of 1 MB that is written whole
 * after 1,024 appends costs each of them 1 kB.
 */
export const DIFFERENCE_LIMITS: DifferenceLimits = { baseBytesMin: 1024, countMax: 1024, overheadBytes: 96 };

/** The chain with what this request adds; null where the request has to write the whole value. */
export function nextChain(
  request: StorageRequest,
  { valueBytes, chain }: DifferenceBase,
  { baseBytesMin, countMax, overheadBytes }: DifferenceLimits,
  itemBytesMax: number,
): ChainSum | null {
  const { key, value } = request;
  const count = chain.count + 1;
  const bytes = chain.bytes + value.length + overheadBytes;
  if (request.newToken !== null || valueBytes < baseBytesMin) return null;
  if (count > countMax || bytes > valueBytes) return null;
  // The store keeps a trailer behind each part.
  const storedBytes = valueBytes + value.length + count * PART_TRAILER_BYTES;
  return exceedsItemLimit(key.length, FLAGS, storedBytes, itemBytesMax) ? null : { count, bytes };
}

/** Any flags take as much. */
const FLAGS = 1;
