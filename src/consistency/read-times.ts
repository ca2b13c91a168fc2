import { sameVersion, type Version } from '../ordering/version.ts';
import type { Replica } from '../replication/replica.ts';
import type { ConditionalRequest, Verdict } from './conditional.ts';

/**
 * When this controller last read an entry, in seconds since 1970, 0 for never: what `h` and `l` of the meta
 * commands tell. Kept beside the journal's record of the entry, and nowhere else: it is not replicated.
 *
 * A read notes itself. Here is what else memcached lets it depend on: which reads leave no trace, and what a write
 * leaves of it.
 */
export class ReadTimes {
  readonly #replica: Replica;
  readonly #timeMs: () => number;

  /** @param timeMs cluster time, milliseconds since 1970 */
  constructor(replica: Replica, timeMs: () => number) {
    this.#replica = replica;
    this.#timeMs = timeMs;
  }

  /** Reads, and leaves the time as it was when it is not to be noticed. @param read told of the time before it */
  read(key: string, noticed: boolean, read: (readAtSec: number) => void): void {
    const { journal } = this.#replica;
    const before = journal.newest(key)?.readAtSec ?? 0;
    read(before);
    if (!noticed) journal.noteRead(key, before);
  }

  /**
   * What is left once the verdict's change has been made: what touches an entry has read it; what leaves the item
   * in its place, marked or with another number, leaves this as well; anything else makes a new item.
   *
   * @param base the version that the verdict builds on
   */
  after(request: ConditionalRequest, verdict: Verdict, base: Version): number {
    if (isNoticed(request)) return Math.floor(this.#timeMs() / 1000);
    if (request.kind === 'store' || verdict.anew) return 0;
    const record = this.#replica.journal.newest(request.key);
    const isBase = record !== undefined && sameVersion(record.version, base);
    return isBase && this.#replica.isLive(request.key) ? record.readAtSec : 0;
  }

  note(key: string, version: Version, readAtSec: number): void {
    const { journal } = this.#replica;
    const record = journal.newest(key);
    if (record !== undefined && sameVersion(record.version, version)) journal.noteRead(key, readAtSec);
  }
}

/** A read, or as good as one. */
export function isNoticed(request: ConditionalRequest): boolean {
  switch (request.kind) {
    case 'read_item':
      return !request.unnoticed;
    case 'touch':
    case 'gat-one':
      return true;
    default:
      return false;
  }
}
