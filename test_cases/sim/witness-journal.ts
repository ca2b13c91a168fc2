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

  /** Keys that were ever written on this node, and have an entry now. */
  liveKeys(): Set<string> {
    const keys = this.applied.map((effect) => effect.key);
    return new Set(keys.filter((key) => this.newest(key)?.tombstone === false));
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
