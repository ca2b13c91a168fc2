import { afterEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { Replica } from '../../../src/replication/replica.ts';
import type { EntryStore } from '../../../src/store/entry-store.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { DiskJournals, readValue } from '../../support/disk-journals.ts';
import { setOf } from '../../support/effects.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const version = { time: 1, node: 1 };
const write = setOf('k', version, { value: Buffer.from('value') });

function replicaWith(journal: Journal): { replica: Replica; stored: () => number; asked: () => number } {
  let stored = 0;
  let asked = 0;
  const store = {
    state: { up: true, itemBytesMax: null },
    set: (_key: string, _entry: unknown, done: (error: null) => void) => {
      stored++;
      done(null);
    },
  } as unknown as EntryStore;
  const answer = journal.valueOf.bind(journal);
  journal.valueOf = (...question) => {
    asked++;
    answer(...question);
  };
  const replica = new Replica(journal, store, new HotEntries(0), Date.now);
  return { replica, stored: () => stored, asked: () => asked };
}

describe('a write that comes twice', () => {
  it('regression: had the value read from disk each time, which hurried the disk, and stored again', async () => {
    const { journal } = await journals.open(journals.dataDir());
    const { replica, stored, asked } = replicaWith(journal);
    expect(replica.merge(write)).toBe(true);
    for (let again = 0; again < 3; again++) expect(replica.merge(write)).toBe(false);
    expect(stored()).toBe(1);
    expect(asked()).toBe(0);
  });

  it('brings the value where that had not come with it, to the journal and to the store', async () => {
    const { journal } = await journals.open(journals.dataDir());
    const { replica, stored } = replicaWith(journal);
    replica.merge({ ...write, value: null });
    expect(stored()).toBe(0);
    replica.merge(write);
    expect(stored()).toBe(1);
    expect((await readValue(journal, 'k', version))?.value?.toString()).toBe('value');
    replica.merge(write);
    expect(stored()).toBe(1);
  });

  it('is stored again where the journal keeps no values: the store may have lost it', () => {
    const { replica, stored } = replicaWith(new MemoryJournal());
    replica.merge(write);
    replica.merge(write);
    expect(stored()).toBe(2);
  });
});
