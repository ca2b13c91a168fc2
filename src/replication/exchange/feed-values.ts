import { effectOfRecord, setOfRecord } from '../../journal/record-effect.ts';
import { type Effect, effectBytes, isOfKey } from '../../ordering/effect.ts';
import { sameVersion } from '../../ordering/version.ts';
import type { Replica } from '../replica.ts';

export interface FeedValuesPorts {
  readonly replica: Replica;
  /**
   * Calls back once the local store has answered for the writes of this key that may still be taken back.
   * @returns false, and never calls, when there is none
   */
  readonly afterPending: (key: string, callback: () => void) => boolean;
}

/**
 * Fills in the values that the store still has.
 *
 * A write that has been superseded is sent as the write that has superseded it. So a receiver of the whole exchange
 * is, on every key, at or past the moment when the exchange began. A write whose value is lost is sent without the
 * value, because the write has happened.
 *
 * @param done null when the store failed
 */
export function readValues(
  ports: FeedValuesPorts,
  part: readonly Effect[],
  done: (effects: Effect[] | null) => void,
): void {
  const found: (Effect | null)[] = [...part];
  let failed = false;
  let waiting = 1;
  const one = () => {
    if (--waiting === 0) done(failed ? null : found.filter((effect) => effect !== null));
  };
  part.forEach((effect, index) => {
    if (!isOfKey(effect)) return;
    waiting++;
    readNewest(ports, effect.key, (ok, newest) => {
      failed ||= !ok;
      found[index] = newest;
      one();
    });
  });
  one();
}

/**
 * The newest write of the key, as it can be sent; null when no write of the key is known any more.
 *
 * A write that the store may still refuse must not be sent:
 *  1. If the store refuses it, this controller takes it back.
 *  2. Its later writes would then claim to know the one that was taken back.
 *  3. Therefore it would never get that write back from the peers that have it.
 *
 * A read of the store comes after the store's answer to the write that is read. A deletion reads nothing, so it waits
 * for that answer.
 */
function readNewest(
  ports: FeedValuesPorts,
  key: string,
  done: (ok: boolean, newest: Effect | null) => void,
): void {
  const { replica, afterPending } = ports;
  const record = replica.journal.newest(key);
  if (record === undefined) return done(true, null);
  if (record.tombstone) {
    // mutant: tells-unsettled-delete
    if (!afterPending(key, () => readNewest(ports, key, done))) done(true, effectOfRecord(record));
    return;
  }
  replica.readHere(key, record.version, (error, entry) => {
    if (error !== null) return done(false, null);
    const newest = replica.journal.newest(key);
    if (newest === undefined || !sameVersion(newest.version, record.version))
      return readNewest(ports, key, done);
    done(true, entry === null ? effectOfRecord(record) : setOfRecord(record, entry.flags, entry.value));
  });
}

/** What one part of an exchange comes to, in bytes; and in writes, at the start and at the most. */
export const PART_BYTES = 1_048_576;
export const PART_WRITES_FIRST = 16;
const PART_WRITES_MAX = 1024;

export function nextPartWrites(effects: readonly Effect[]): number {
  if (effects.length === 0) return PART_WRITES_MAX;
  const bytes = effects.reduce((sum, effect) => sum + effectBytes(effect), 0);
  return Math.min(PART_WRITES_MAX, Math.max(1, Math.floor((PART_BYTES * effects.length) / bytes)));
}
