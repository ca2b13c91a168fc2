import type { Journal, JournalRecord } from '../../journal/journal.ts';
import { msOfVersionTime } from '../../ordering/version.ts';

/** For each pass, how long ago an entry was last used at the most, in seconds. */
const PASS_AGES_SEC = [60, 3_600, 86_400, Number.POSITIVE_INFINITY] as const;

/** How many records are looked at in one step. It bounds the cost of a step, whatever the number of keys. */
const LOOKS_PER_STEP = 4_096;

/**
 * Every entry of the journal, those first that were written or read last. It passes over the records several times;
 * each pass takes the entries that were last used within a certain time before the first pass. Entries that are used
 * meanwhile come in the last pass. It takes no memory for each key, and no step takes long.
 */
export class RefillOrder {
  readonly #journal: Journal;
  readonly #startSec: number;
  #pass = 0;
  #records: Iterator<JournalRecord>;

  /** @param nowMs milliseconds since 1970 */
  constructor(journal: Journal, nowMs: number) {
    this.#journal = journal;
    this.#startSec = Math.floor(nowMs / 1000);
    this.#records = journal.walk();
  }

  /** The next keys, `limit` at most, perhaps none yet; null when there are no more. */
  next(limit: number): string[] | null {
    const keys: string[] = [];
    for (let looks = 0; looks < LOOKS_PER_STEP && keys.length < limit; looks++) {
      const { done, value: record } = this.#records.next();
      if (!done) {
        if (this.#isDue(record)) keys.push(record.key);
      } else if (this.#pass + 1 < PASS_AGES_SEC.length) {
        this.#pass++;
        this.#records = this.#journal.walk();
      } else {
        return keys.length > 0 ? keys : null;
      }
    }
    return keys;
  }

  #isDue(record: JournalRecord): boolean {
    if (record.tombstone) return false;
    const writtenSec = Math.floor(msOfVersionTime(record.version.time) / 1000);
    const ageSec = this.#startSec - Math.max(record.readAtSec, writtenSec);
    const due = ageSec < 0 ? PASS_AGES_SEC.length - 1 : PASS_AGES_SEC.findIndex((age) => ageSec < age);
    return due === this.#pass;
  }
}
