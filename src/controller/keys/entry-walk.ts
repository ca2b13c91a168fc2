import type { WallMs } from '../../base/number-kinds.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { Group } from '../../replication/group.ts';
import type { ControllerRouter } from '../groups.ts';

type OnePart = ControllerRouter['parts'][number];

/**
 * A walk through all entries of a controller, a few records at a time. Entries that are written during the walk may be
 * left out.
 */
export class EntryWalk {
  readonly #router: ControllerRouter;
  readonly #timeMs: WallMs;
  readonly #groups: Group[];
  #records: Iterator<JournalRecord> | null = null;

  /** @param timeMs cluster time: it decides which entries have expired */
  constructor(router: ControllerRouter, timeMs: WallMs) {
    this.#router = router;
    this.#timeMs = timeMs;
    this.#groups = [...router.groups];
  }

  get isOver(): boolean {
    return this.#groups.length === 0;
  }

  /** Looks at so many records, and names those that clients may see. */
  step(records: number, onEntry: (record: JournalRecord, part: OnePart) => void): void {
    for (let looks = 0; looks < records; looks++) {
      const group = this.#groups[0];
      if (group === undefined) return;
      this.#records ??= group.replica.journal.walk();
      const { done, value: record } = this.#records.next();
      if (done === true) {
        this.#groups.shift();
        this.#records = null;
        continue;
      }
      const part = this.#router.partOf(record.key);
      if (part.group === group && group.replica.journal.isLive(record, this.#timeMs)) onEntry(record, part);
    }
  }
}
