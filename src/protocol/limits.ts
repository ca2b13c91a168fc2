/** Every bound of the client protocol, with its unit and what happens when it is hit. */

/** Longest key in bytes: memcached's own. A longer one is answered with an error. */
export const KEY_BYTES_MAX = 250;

/** Longest line of a command that names many keys, in bytes. memcached has no such bound; a longer line closes. */
export const LINE_BYTES_MAX = 1_048_576;

/** Longest line of any other command, in bytes: as memcached, a longer one closes. */
export const SHORT_LINE_BYTES_MAX = 2_048;

/** memcached's default `-I`: the largest item, its header and key included, in bytes. */
export const ITEM_BYTES_DEFAULT = 1_048_576;

/** What memcached's item header, CAS field, key terminator and value terminator take, in bytes. */
export const ITEM_OVERHEAD_BYTES = 48 + 8 + 1 + 2;

/** memcached keeps an item above this, its header and key included, in several pieces, in which it counts nothing. */
export const ONE_PIECE_BYTES_MAX = 524_288;

/** An `exptime` above this is a unix time, up to it a number of seconds from now. */
export const EXPTIME_RELATIVE_SECONDS_MAX = 60 * 60 * 24 * 30;

/** True when memcached, given an item limit, would refuse a value of this size: `object too large for cache`. */
export function exceedsItemLimit(
  keyBytes: number,
  flags: number,
  valueBytes: number,
  itemBytesMax: number,
): boolean {
  return ITEM_OVERHEAD_BYTES + keyBytes + (flags === 0 ? 0 : 4) + valueBytes > itemBytesMax;
}
