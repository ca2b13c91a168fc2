import { sameVersion, type Version } from '../ordering/version.ts';
import type { Entry, EntryPart } from './entry.ts';
import { readStoredVersion, STORED_VERSION_BYTES, writeStoredVersion } from './stored-version.ts';

/**
 * Parts that were added to a stored entry one after the other, behind its value. So an `append` or a `prepend` takes
 * one operation of the store, of the size of what is added.
 *
 *     0…n-1   bytes     the client's
 *     n…      length    of them, in four bytes
 *     n+4…    base      the version of the entry that they were added to: see `stored-version.ts`
 *     n+12…   version   of the entry with them, likewise
 *     n+20    side      where they belong: a number of `SIDES`; or `END_MARK`
 *     n+21…   magic     three bytes
 *
 * Numbers are big-endian. An entry is read from its end:
 *
 *  1. A value that itself ends with the magic is stored with an empty part behind it, the end mark. So bytes of a
 *     client are never taken for a part.
 *  2. Each part names the version before it. Where the chain does not lead back to the header, the store had lost a
 *     write in between: the bytes are no entry, and the value counts as lost.
 */
export const PART_TRAILER_BYTES = 24;

const MAGIC_BYTES = Buffer.from([0xc5, 0x6d, 0x70]);
const BASE_AT = 4;
const VERSION_AT = 12;
const SIDE_AT = 20;
const MAGIC_AT = 21;

const SIDES = { end: 0, beginning: 1 } as const;
const END_MARK = 2;

/** The part with its trailer. */
export function encodePart({ base, version, side, bytes }: EntryPart): Buffer {
  const encoded = Buffer.allocUnsafe(bytes.length + PART_TRAILER_BYTES);
  encoded.set(bytes);
  writeTrailer(encoded, bytes.length, base, version, SIDES[side]);
  return encoded;
}

/** Stands behind a value of this version that ends like a part. */
export function endMarkOf(version: Version): Buffer {
  const mark = Buffer.allocUnsafe(PART_TRAILER_BYTES);
  writeTrailer(mark, 0, version, version, END_MARK);
  return mark;
}

function writeTrailer(into: Buffer, at: number, base: Version, version: Version, side: number): void {
  into.writeUInt32BE(at, at);
  writeStoredVersion(into, at + BASE_AT, base);
  writeStoredVersion(into, at + VERSION_AT, version);
  into[at + SIDE_AT] = side;
  into.set(MAGIC_BYTES, at + MAGIC_AT);
}

/** The bytes from `start` on end with the magic of a part. */
export function hasParts(bytes: Buffer, start: number): boolean {
  return bytes.length - start >= MAGIC_BYTES.length && hasPartBefore(bytes, bytes.length);
}

function hasPartBefore(bytes: Buffer, end: number): boolean {
  if (end < MAGIC_BYTES.length || bytes[end - 1] !== MAGIC_BYTES[2]) return false;
  return bytes[end - 2] === MAGIC_BYTES[1] && bytes[end - 3] === MAGIC_BYTES[0];
}

/**
 * The entry with the parts that follow its value.
 *
 * @param entry as its header tells; its value goes on to the end of what is stored
 * @returns null when the parts belong to other versions
 */
export function joinedParts(entry: Entry): Entry | null {
  const stored = entry.value;
  /** Where the trailers of the parts are, the newest first. */
  const trailers: number[] = [];
  let end = stored.length;
  let isMarked = false;
  while (!isMarked && hasPartBefore(stored, end)) {
    const at = end - PART_TRAILER_BYTES;
    const bytes = at < 0 ? 0 : stored.readUInt32BE(at);
    if (at < bytes) return null;
    const newer = trailers.at(-1);
    if (newer !== undefined && !isSame(stored, newer + BASE_AT, at + VERSION_AT)) return null;
    isMarked = stored[at + SIDE_AT] === END_MARK;
    trailers.push(at);
    end = at - bytes;
  }
  const oldest = trailers.at(-1)!;
  // mutant: joins-any-base
  if (!sameVersion(readStoredVersion(stored, oldest + BASE_AT), entry.version)) return null;
  const newest = readStoredVersion(stored, trailers[0]! + VERSION_AT);
  if (isMarked && trailers.length === 1) return { ...entry, value: stored.subarray(0, end) };
  return { ...entry, version: newest, token: null, marks: 0, value: joinedValue(stored, end, trailers) };
}

/** @param wholeBytes the value before the parts @param trailers of the parts, the newest first */
function joinedValue(stored: Buffer, wholeBytes: number, trailers: readonly number[]): Buffer {
  const value = Buffer.allocUnsafe(stored.length - trailers.length * PART_TRAILER_BYTES);
  let front = 0;
  let back = value.length;
  for (const at of trailers) {
    const from = at - stored.readUInt32BE(at);
    if (stored[at + SIDE_AT] === SIDES.beginning) front += stored.copy(value, front, from, at);
    else back -= stored.copy(value, back - (at - from), from, at);
  }
  stored.copy(value, front, 0, wholeBytes);
  return value;
}

/** The two places have the same version. */
function isSame(bytes: Buffer, one: number, other: number): boolean {
  return bytes.compare(bytes, one, one + STORED_VERSION_BYTES, other, other + STORED_VERSION_BYTES) === 0;
}
