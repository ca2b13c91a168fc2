/** Every bound of the client protocols, with its unit and the behaviour when it is hit. */

/** Longest key in bytes, as in memcached. A longer key is answered with an error. */
export const KEY_BYTES_MAX = 250;

/** Longest line of a command that names many keys, in bytes. A longer line closes; memcached has no such bound. */
export const LINE_BYTES_MAX = 1_048_576;

/** Longest line of any other command, in bytes. A longer line closes the connection, as in memcached. */
export const SHORT_LINE_BYTES_MAX = 2_048;

/** The default of memcached's `-I`: the largest item in bytes, its header and key included. */
export const ITEM_BYTES_DEFAULT = 1_048_576;

/** Size of memcached's item header, CAS field, key terminator and value terminator together, in bytes. */
export const ITEM_OVERHEAD_BYTES = 48 + 8 + 1 + 2;

/** memcached stores an item above this size, header and key included, in several pieces, and counts nothing in it. */
export const ONE_PIECE_BYTES_MAX = 524_288;

/** An `exptime` up to this is a number of seconds from now; a larger one is unix time. */
export const EXPTIME_RELATIVE_SECONDS_MAX = 60 * 60 * 24 * 30;

/** True if memcached with this item limit would refuse the value: `object too large for cache`. */
export function exceedsItemLimit(
  keyBytes: number,
  flags: number,
  valueBytes: number,
  itemBytesMax: number,
): boolean {
  return ITEM_OVERHEAD_BYTES + keyBytes + (flags === 0 ? 0 : 4) + valueBytes > itemBytesMax;
}
