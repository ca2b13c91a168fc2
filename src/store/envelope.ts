import { IDS_END } from '../base/number-kinds.ts';
import type { Entry } from './entry.ts';
import { endMarkOf, hasParts, joinedParts, PART_TRAILER_BYTES } from './envelope-parts.ts';
import { readStoredVersion, writeStoredVersion } from './stored-version.ts';

/**
 * An entry as bytes that any KV store can hold: a header, then the client's value.
 *
 *     0       magic      `MAGIC`: a value that a client wrote to the store directly hardly starts with it
 *     1       format     `FORMAT` in the high four bits; then whether a token follows; then the marks
 *     2…9     version    see `stored-version.ts`
 *     10…13   flags
 *     14…19   expiresAt  milliseconds since 1970, 48 bits: lasts until the year 10889
 *     20…27   token      only where it is not the version's own
 *
 * Bytes that were added later follow: see `envelope-parts.ts`.
 *
 * Numbers are big-endian. There is no checksum: memcached's memory and TCP are trusted as far as clients of a
 * memcached trust them.
 */
export const ENVELOPE_BYTES = 20;

/** Size of the header with a token. */
export const ENVELOPE_BYTES_MAX = 28;

const MAGIC = 0xc5;
const FORMAT = 0x10;
const FORMAT_BITS = 0xf0;
const HAS_TOKEN = 0x08;
const MARK_BITS = 0x07;

const VERSION_AT = 2;
const FLAGS_AT = 10;
const EXPIRES_AT = 14;
const TOKEN_AT = 20;

const EXPIRES_BYTES = 6;

/** The whole entry. Takes one allocation and one copy of the value. */
export function encodeEntry(entry: Entry): Buffer {
  const { value } = entry;
  const start = headerBytes(entry);
  const marked = needsEndMark(value);
  const bytes = Buffer.allocUnsafe(start + value.length + (marked ? PART_TRAILER_BYTES : 0));
  writeHeader(entry, bytes);
  bytes.set(value, start);
  if (marked) bytes.set(endMarkOf(entry.version), start + value.length);
  return bytes;
}

/** The value ends like an added part, and has to be followed by a mark that tells it from one. */
export function needsEndMark(value: Buffer): boolean {
  return hasParts(value, 0);
}

/** What stands before the value. */
export function encodeHeader(entry: Entry): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes(entry));
  writeHeader(entry, bytes);
  return bytes;
}

function headerBytes({ token }: Entry): number {
  return token === null ? ENVELOPE_BYTES : ENVELOPE_BYTES_MAX;
}

function writeHeader(entry: Entry, bytes: Buffer): void {
  const { version, token } = entry;
  bytes[0] = MAGIC;
  bytes[1] = FORMAT | (token === null ? 0 : HAS_TOKEN) | entry.marks;
  writeStoredVersion(bytes, VERSION_AT, version);
  bytes.writeUInt32BE(entry.flags, FLAGS_AT);
  bytes.writeUIntBE(entry.expiresAtMs, EXPIRES_AT, EXPIRES_BYTES);
  if (token !== null) bytes.writeBigUInt64BE(token, TOKEN_AT);
}

/**
 * @returns an entry, whose value is a view of the bytes unless parts were added to it; null when the bytes are no entry
 *   of this format, or parts of them belong to other versions
 */
export function decodeEntry(bytes: Buffer): Entry | null {
  if (bytes.length < ENVELOPE_BYTES || bytes[0] !== MAGIC) return null;
  const format = bytes[1]!;
  if ((format & FORMAT_BITS) !== FORMAT) return null;
  const hasToken = (format & HAS_TOKEN) !== 0;
  const start = hasToken ? ENVELOPE_BYTES_MAX : ENVELOPE_BYTES;
  if (bytes.length < start) return null;
  const version = readStoredVersion(bytes, VERSION_AT);
  if (version.node >= IDS_END) return null;
  const entry: Entry = {
    version,
    flags: bytes.readUInt32BE(FLAGS_AT),
    expiresAtMs: bytes.readUIntBE(EXPIRES_AT, EXPIRES_BYTES),
    token: hasToken ? bytes.readBigUInt64BE(TOKEN_AT) : null,
    marks: format & MARK_BITS,
    value: bytes.subarray(start),
  };
  return hasParts(bytes, start) ? joinedParts(entry) : entry;
}
