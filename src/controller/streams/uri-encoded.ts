const PLAIN = /^[A-Za-z0-9._~-]*$/;
const NOT_PLAIN = /[^A-Za-z0-9._~-]/g;

/** A key as memcached writes it in its logs and dumps: all but letters, digits and `-._~` as `%` and two digits. */
export function uriEncoded(key: string): string {
  return PLAIN.test(key) ? key : key.replace(NOT_PLAIN, percentEncoded);
}

/** @param character latin-1 */
export function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
