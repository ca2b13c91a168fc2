/**
 * Decimal words of the text protocol, read as memcached 1.6 reads them: by C's `strtol` family with 64 bits, then cut
 * to the width of the field. Therefore a leading `+` or tab is accepted, any bytes may follow a tab, a number beyond
 * 64 bits is an error, and a number between the width of the field and 64 bits wraps around: flags of 2^32 are 0. A
 * client gets the same number here as from a memcached.
 *
 * Each function takes a word as bytes[start, end), and returns null if it is no number.
 */

const DIGITS_EXACT_MAX = 15;
const DIGITS_U64_MAX = 20;
const U64_MAX = 2n ** 64n - 1n;
const I64_MAX = 2n ** 63n - 1n;

const ZERO = 0x30;
const NINE = 0x39;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** 32 bits unsigned: flags. */
export function parseU32(bytes: Buffer, start: number, end: number): number | null {
  const plain = plainDigits(bytes, start, end);
  if (plain >= 0) return plain >>> 0;
  const value = unsigned64(bytes, start, end);
  return value === null ? null : Number(BigInt.asUintN(32, value));
}

/** 32 bits signed: expiry times and lengths. */
export function parseI32(bytes: Buffer, start: number, end: number): number | null {
  const plain = plainDigits(bytes, start, end);
  if (plain >= 0) return plain | 0;
  const value = signedDigits(bytes, start, end);
  if (value === null || value > I64_MAX || value < -I64_MAX - 1n) return null;
  return Number(BigInt.asIntN(32, value));
}

/** 64 bits unsigned: deltas and CAS tokens. */
export function parseU64(bytes: Buffer, start: number, end: number): bigint | null {
  const plain = plainDigits(bytes, start, end);
  return plain >= 0 ? BigInt(plain) : unsigned64(bytes, start, end);
}

/** The usual case: only digits, and few enough of them for a double to be exact. Otherwise -1. */
function plainDigits(bytes: Buffer, start: number, end: number): number {
  if (end <= start || end - start > DIGITS_EXACT_MAX) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

/**
 * `strtoull` takes a sign, and negates modulo 2^64. memcached refuses the result if its top bit is set and the word
 * contains a minus. So -1 is refused, and -18446744073709551615 is 1.
 */
function unsigned64(bytes: Buffer, start: number, end: number): bigint | null {
  const signed = signedDigits(bytes, start, end);
  if (signed === null || signed > U64_MAX || signed < -U64_MAX) return null;
  const value = BigInt.asUintN(64, signed);
  if (value > I64_MAX && bytes.subarray(start, end).includes(MINUS)) return null;
  return value;
}

/** Optional white space, an optional sign, digits, and then the end of the word or white space. */
function signedDigits(bytes: Buffer, start: number, end: number): bigint | null {
  let at = start;
  while (at < end && isSpace(bytes[at]!)) at++;
  const negative = bytes[at] === MINUS;
  if (at < end && (negative || bytes[at] === PLUS)) at++;
  const first = at;
  while (at < end && isDigit(bytes[at]!)) at++;
  if (at === first || (at < end && !isSpace(bytes[at]!))) return null;
  const magnitude = magnitudeOf(bytes, first, at);
  return negative ? -magnitude : magnitude;
}

/** Exact up to 20 digits. A longer number exceeds 64 bits, whatever its digits are. */
function magnitudeOf(bytes: Buffer, first: number, end: number): bigint {
  let at = first;
  while (at < end - 1 && bytes[at] === ZERO) at++;
  if (end - at > DIGITS_U64_MAX) return U64_MAX + 1n;
  return BigInt(bytes.toString('latin1', at, end));
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** C's `isspace`. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
