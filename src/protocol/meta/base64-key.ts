/**
 * Keys in base64, read as memcached reads them: bytes outside of the alphabet are skipped, the others have to come in
 * groups of four, and the first group with padding ends the key.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD = 0x3d;
const PADS_MAX = 2;
const SKIPPED = 0x80;

/** For each byte: the six bits that it stands for, or `SKIPPED`. */
const SEXTETS = sextets();

/** The key that bytes[start, end) stand for, one character per byte; null if they are not base64. */
export function decodeKey(bytes: Buffer, start: number, end: number): string | null {
  if (!comesInFours(bytes, start, end)) return null;
  let key = '';
  let held = 0;
  let bits = 0;
  let pads = 0;
  for (let at = start; at < end; at++) {
    const sextet = SEXTETS[bytes[at]!]!;
    if (sextet === SKIPPED) continue;
    if (bytes[at] === PAD) pads++;
    bits = (bits << 6) | sextet;
    if (++held < 4) continue;
    if (pads > PADS_MAX) return null;
    key += String.fromCharCode(bits >> 16, (bits >> 8) & 0xff, bits & 0xff).slice(0, 3 - pads);
    if (pads > 0) break;
    held = 0;
    bits = 0;
  }
  return key;
}

function comesInFours(bytes: Buffer, start: number, end: number): boolean {
  let digits = 0;
  for (let at = start; at < end; at++) if (SEXTETS[bytes[at]!] !== SKIPPED) digits++;
  return digits > 0 && digits % 4 === 0;
}

export function encodeKey(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}

function sextets(): Uint8Array {
  const table = new Uint8Array(256).fill(SKIPPED);
  for (let value = 0; value < ALPHABET.length; value++) table[ALPHABET.charCodeAt(value)] = value;
  table[PAD] = 0;
  return table;
}
