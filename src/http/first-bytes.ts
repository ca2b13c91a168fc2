/** The method of a request, and how its target begins. Commands of memcached's text protocol are in lower case. */
const BEGINNING = /^[A-Z]{3,8} [/*]/;

/** What may still become the beginning of a request. */
const PARTIAL = /^[A-Z]{1,8}$|^[A-Z]{3,8} $/;

const BYTES_MAX = 'PROPFIND /'.length;

/**
 * Whether the first bytes of a connection begin an HTTP request, as far as they have arrived. A line such as `GET a`
 * begins none: it is answered as memcached answers it.
 */
export function httpIn(first: Buffer): 'http' | 'partial' | 'none' {
  if (!isUpperCase(first[0]!)) return 'none';
  const text = first.toString('latin1', 0, BYTES_MAX);
  if (BEGINNING.test(text)) return 'http';
  return PARTIAL.test(text) ? 'partial' : 'none';
}

function isUpperCase(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
