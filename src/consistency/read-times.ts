import type { WallMs } from '../base/number-kinds.ts';
import { sameVersion, type Version } from '../ordering/version.ts';
import type { Scheme } from '../replication/scheme.ts';
import type { ConditionalRequest, Evaluation } from './conditional.ts';

/**
 * When this controller last read an entry, in seconds since 1970, 0 for never: what `h` and `l` of the meta
 * commands tell. Kept beside the journal's record of the entry, and nowhere else: it is not replicated.
 *
 * A read notes itself. Here is what a write leaves of it, as memcached has it.
 */

/**
 * What is left once the evaluation's change has been made: what touches an entry has read it; what leaves the item
 * in its place, marked or with another number, leaves this as well; anything else makes a new item.
 *
 * @param countsAsRead the request is a read, or as good as one
 * @param base the version that the evaluation builds on
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

/** Sets the time of the last read, unless the entry is another one by now. */
export function noteReadOf(scheme: Scheme, key: string, version: Version, readAtSec: number): void {
  const record = scheme.newest(key);
  if (record !== undefined && sameVersion(record.version, version)) scheme.noteRead(key, readAtSec);
}
