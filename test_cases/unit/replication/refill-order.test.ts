import { expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { VERSION_EPOCH_MS, versionTimeOfMs } from '../../../src/ordering/version.ts';
import { RefillOrder } from '../../../src/replication/restore/refill-order.ts';
import { deleteOf, setOf } from '../../support/effects.ts';

const NOW_MS = VERSION_EPOCH_MS + 400 * 86_400_000;
const HOUR_MS = 3_600_000;

/** @param ages of the writes, in milliseconds before now */
function journalOf(ages: Readonly<Record<string, number>>): MemoryJournal {
  const journal = new MemoryJournal();
  for (const [key, ageMs] of Object.entries(ages)) {
    const version = { time: versionTimeOfMs(NOW_MS - ageMs), node: 0 };
    journal.record(setOf(key, version));
  }
  return journal;
}

function all(order: RefillOrder, limit = 2): string[] {
  const keys: string[] = [];
  for (let part = order.next(limit); part !== null; part = order.next(limit)) {
    expect(part.length).toBeLessThanOrEqual(limit);
    keys.push(...part);
  }
  return keys;
}

it('what was written or read last comes first', () => {
  const ages = { old: 300 * HOUR_MS, day: 20 * HOUR_MS, hour: HOUR_MS / 2, now: 1_000, read: 200 * HOUR_MS };
  const journal = journalOf(ages);
  journal.noteRead('read', NOW_MS / 1000 - 3);
  expect(all(new RefillOrder(journal, NOW_MS))).toEqual(['now', 'read', 'hour', 'day', 'old']);
});

it('every entry comes, and once, though it is read meanwhile', () => {
  const keys = Array.from({ length: 500 }, (_, at) => `k${at}`);
  const journal = journalOf(Object.fromEntries(keys.map((key, at) => [key, at * HOUR_MS])));
  const order = new RefillOrder(journal, NOW_MS);
  const first = order.next(2)!;
  for (const key of keys.slice(100)) journal.noteRead(key, NOW_MS / 1000 + 1);
  expect([...first, ...all(order)].sort()).toEqual([...keys].sort());
});

it('deleted ones do not come, and a flush in between does no harm', () => {
  const journal = journalOf({ a: 3, b: 2, c: 1 });
  journal.record(deleteOf('b', { time: versionTimeOfMs(NOW_MS), node: 0 }));
  const order = new RefillOrder(journal, NOW_MS);
  expect(order.next(1)).toEqual(['a']);
  journal.record({ kind: 'flush', version: { time: versionTimeOfMs(NOW_MS) + 1, node: 0 } });
  expect(all(order)).toEqual(['c']);
  expect(all(new RefillOrder(journal, NOW_MS))).toEqual([]);
});

it('one step looks at a bounded number of records only', () => {
  const ages = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, 30 * HOUR_MS]));
  const order = new RefillOrder(journalOf({ ...ages, last: 0 }), NOW_MS);
  expect(order.next(5)).toEqual([]);
});
