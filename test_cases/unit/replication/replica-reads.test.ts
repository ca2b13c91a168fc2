import { expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { entryOf } from '../../../src/replication/entry-effect.ts';
import { FairWindow } from '../../../src/replication/fair-window.ts';
import { Replica } from '../../../src/replication/replica.ts';
import { type FindOutcome, ReplicaReads } from '../../../src/replication/replica-reads.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { setOf } from '../../support/effects.ts';
import { readerOf } from '../../support/reading.ts';

/** A store that has lost everything. */
const EMPTY_STORE = {
  state: { up: true, itemBytesMax: null },
  set: (_key: string, _entry: unknown, done: (error: null) => void) => done(null),
  get: (_key: string, done: (error: null, entry: null) => void) => done(null, null),
} as unknown as EntryStore;

it('regression: a read whose lost value was overwritten waited for itself, for ever', () => {
  const value = Buffer.from('value');
  const [first, second] = [1, 2].map((time) => setOf('k', { time, node: 1 }, { value }));
  const journal = new MemoryJournal();
  const replica = new Replica(journal, EMPTY_STORE, new HotEntries(0), () => 1);
  replica.merge(first!);
  const windows = { store: new FairWindow(1, () => {}), elsewhere: new FairWindow(1, () => {}) };
  const outcomes: FindOutcome[] = [{ kind: 'superseded' }, { kind: 'found', entry: entryOf(second!, value) }];
  const finder = {
    find: (_record: unknown, _trouble: unknown, done: (outcome: FindOutcome) => void) => {
      replica.merge(second!);
      done(outcomes.shift()!);
    },
  };
  const reads = new ReplicaReads({
    replica,
    store: EMPTY_STORE,
    windows,
    finder,
    timeMs: () => 1,
    isTimed: () => true,
    onIssue: null,
  });
  let found: string | undefined;
  reads.read('k', (_failure, entry) => (found = entry?.value.toString()), readerOf());
  expect(found).toBe('value');
  expect(windows.elsewhere.bytes).toBe(0);
});
