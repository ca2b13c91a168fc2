import type { WallMs } from '../base/number-kinds.ts';
import { sameVersion, type Version } from '../ordering/version.ts';
import type { ConditionalRequest } from '../protocol/request.ts';
import type { Evaluation } from '../replication/evaluation.ts';
import type { Scheme } from '../replication/scheme.ts';

/**
 * The time at which this controller last read an entry, in seconds since 1970; 0 for never. The flags `h` and `l` of
 * the meta commands show it. It stands beside the journal's record of the entry, and is not replicated.
 *
 * A read sets the time itself. These functions say what a write leaves of it, as memcached does.
 */

/**
 * The time of the last read once the change has been made. A request that counts as a read sets it to now. A change
 * that leaves the item in its place, with another mark or number, leaves the time as well. Any other change makes a
 * new item, which nobody has read.
 *
 * @param base the version that was evaluated
 * @param timeMs cluster time, milliseconds since 1970
 */
export function readTimeAfter(
  request: ConditionalRequest,
  countsAsRead: boolean,
  evaluation: Evaluation,
  base: Version,
  scheme: Scheme,
  timeMs: () => WallMs,
): number {
  if (countsAsRead) return Math.floor(timeMs() / 1000);
  if (request.kind === 'storage' || evaluation.isNewItem) return 0;
  const record = scheme.newest(request.key);
  const isBase = record !== undefined && sameVersion(record.version, base);
  return isBase && scheme.isLive(request.key) ? record.readAtSec : 0;
}

/** Sets the time of the last read, unless the key has been written again. */
export function noteReadOf(scheme: Scheme, key: string, version: Version, readAtSec: number): void {
  const record = scheme.newest(key);
  if (record !== undefined && sameVersion(record.version, version)) scheme.noteRead(key, readAtSec);
}
