import type { JournalRecord } from '../../src/journal/journal.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import type { Effect } from '../../src/ordering/effect.ts';
import { sameVersion, type Version } from '../../src/ordering/version.ts';

/** The real journal, which also writes down every write that it took in: all that was ever applied on a node. */
export class WitnessJournal extends MemoryJournal {
  readonly applied: Effect[];

  /** @param applied by former runs */
  constructor(nodes: number, applied: Effect[] = []) {
    super(nodes);
    this.applied = applied;
  }

  /** Keys that have an entry now. */
  liveKeys(): Set<string> {
    const live = new Set<string>();
    const records = this.walk();
    for (let next = records.next(); !next.done; next = records.next())
      if (!next.value.tombstone) live.add(next.value.key);
    return live;
  }

  override record(effect: Effect): boolean {
    const taken = super.record(effect);
    if (taken) this.applied.push(effect);
    return taken;
  }

  /** What is taken back never happened. */
  override revert(failed: Version, key: string, previous: JournalRecord | undefined): void {
    super.revert(failed, key, previous);
    const index = this.applied.findLastIndex((effect) => sameVersion(effect.version, failed));
    if (index >= 0) this.applied.splice(index, 1);
  }
}
