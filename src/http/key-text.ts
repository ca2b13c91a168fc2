/**
 * How keys are written over HTTP. A key is any bytes, and its text is ASCII: a byte that may stand in a segment of a
 * path (RFC 3986, `pchar`) is written as it is, and any other as `%` with two hexadecimal digits. Any byte may be
 * written that way. In the code a key is a latin-1 string, one character for each byte.
 */

const STANDS_FOR_ITSELF = /[A-Za-z0-9\-._~!$&'()*+,;=:@]/;

const TEXT_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (STANDS_FOR_ITSELF.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** @param key latin-1 */
export function textOfKey(key: string): string {
  let text = '';
  for (let at = 0; at < key.length; at++) text += TEXT_OF_BYTE[key.charCodeAt(at)]!;
  return text;
}

/** @param text latin-1, as a URL comes from a client @returns the key; null when a `%` is followed by no two digits */
export function keyOfText(text: string): string | null {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  return text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** The same for a text in JSON or in a query, whose other characters stand for their bytes in UTF-8. */
export function keyOfUnicode(text: string): string | null {
  return keyOfText(Buffer.from(text, 'utf8').toString('latin1'));
}

const KEYS_PATH = '/v1/keys/';

/**
 * The URL that is routed in the place of this one. A router decodes the segments of a path as UTF-8, and refuses other
 * bytes; so the key of a path is given to it in base64url, which it leaves alone. A key that is not written correctly
 * stays as it is, and the router refuses it.
 */
export function routedUrl(url: string): string {
  if (!url.startsWith(KEYS_PATH)) return url;
  const end = endOfSegment(url, KEYS_PATH.length);
  const key = keyOfText(url.slice(KEYS_PATH.length, end));
  if (key === null || key === '') return url;
  return `${KEYS_PATH}${Buffer.from(key, 'latin1').toString('base64url')}${url.slice(end)}`;
}

/** @param segment of a routed URL @returns the key in latin-1 */
export function keyOfSegment(segment: string): string {
  return Buffer.from(segment, 'base64url').toString('latin1');
}

function endOfSegment(url: string, start: number): number {
  for (let at = start; at < url.length; at++) {
    const character = url[at];
    if (character === '/' || character === '?' || character === '#') return at;
  }
  return url.length;
}
