/**
 * The CRC-32 of two pieces of bytes, one behind the other, from the CRC-32 of each. So bytes that two checksums cover
 * are gone through once.
 *
 * A CRC is the remainder of a polynomial over GF(2). Appending n bits to a piece multiplies its remainder by x^n, so
 * the remainder of both pieces is `first * x^n + second` (`crc32_combine` of zlib).
 *
 * @param secondBytes the length of the second piece
 */
export function crc32Combine(first: number, second: number, secondBytes: number): number {
  return (product(powerOfX(secondBytes), first) ^ second) >>> 0;
}

/** The polynomial of CRC-32, and the polynomials 1 and x. The highest bit is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
const X = 0x40000000;

/** x to the power of 8, 16, 32 and so on: of 1, 2, 4, … bytes. */
const POWERS: readonly number[] = powers();

function powers(): number[] {
  let power = X;
  for (let bits = 1; bits < 8; bits *= 2) power = product(power, power);
  const found = [];
  for (let bytes = 1; bytes < 2 ** 32; bytes *= 2) {
    found.push(power);
    power = product(power, power);
  }
  return found;
}

/** @returns x to the power of 8 times this many bytes, modulo the polynomial */
function powerOfX(bytes: number): number {
  let power = ONE;
  for (let bit = 0, left = bytes; left > 0; bit++, left = Math.floor(left / 2))
    if (left % 2 === 1) power = product(POWERS[bit]!, power);
  return power;
}

/** @returns the product of two polynomials, modulo the polynomial */
function product(a: number, b: number): number {
  let sum = 0;
  let times = b;
  for (let mask = ONE; mask !== 0; mask >>>= 1) {
    if ((a & mask) !== 0) sum ^= times;
    times = (times & 1) === 0 ? times >>> 1 : (times >>> 1) ^ POLYNOMIAL;
  }
  return sum;
}
