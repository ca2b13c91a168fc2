import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { Effect } from '../../../src/ordering/effect.ts';
import { TICKS_PER_MS, VERSION_EPOCH_MS } from '../../../src/ordering/version.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';

const set = (key: string, time: number, node = 0): Effect => ({
  version: { time, node },
  kind: 'set',
  key,
  base: null,
  flags: 0,
  token: null,
  marks: 0,
  expiresAtMs: 0,
  value: null,
});
const keyless = (kind: Effect['kind'], time: number, atMs = 0): Effect => ({
  ...set('', time),
  kind,
  expiresAtMs: atMs,
});

/** A moment for flushes, and the version time that belongs to it. */
const MOMENT_MS = VERSION_EPOCH_MS + 100;
const MOMENT_TIME = 100 * TICKS_PER_MS;

function journalOf(...effects: readonly Effect[]): MemoryJournal {
  const journal = new MemoryJournal(2);
  for (const effect of effects) journal.record(effect);
  return journal;
}

const allOf = (journal: MemoryJournal): string[] =>
  journal.since(VersionVector.zero(2)).map(({ kind, key, version }) => `${kind} ${key}@${version.time}`);

describe('the journal in memory', () => {
  it('shows samples of all records in turn, and then again', () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const journal = journalOf(...keys.map((key, index) => set(key, index + 1)));
    const round = () => [1, 2, 3].flatMap(() => journal.sample(2).map((record) => record.key));
    expect(round().sort()).toEqual(keys);
    expect(round().sort()).toEqual(keys);
    expect(new MemoryJournal(1).sample(5)).toEqual([]);
  });

  it('goes on with its samples while records come and go', () => {
    const journal = journalOf(...['a', 'b', 'c', 'd'].map((key, index) => set(key, index + 1)));
    for (const record of journal.sample(2)) journal.forget(record);
    journal.record(set('e', 9));
    journal.record(set('c', 10));
    expect(journal.sample(9).map((record) => record.key)).toEqual(['c', 'd', 'e']);
    journal.record(keyless('flush', 11));
    expect(journal.sample(9)).toEqual([]);
  });

  it('forgets a record only as long as it is the newest of its key', () => {
    const journal = journalOf(set('a', 1));
    const old = journal.newest('a')!;
    journal.record(set('a', 2));
    journal.forget(old);
    expect(journal.newest('a')?.version.time).toBe(2);
  });

  it('says that an entry is gone from its expiry on, and from the moment of an announced flush', () => {
    const expiring = { ...set('a', 1), expiresAtMs: MOMENT_MS };
    const journal = journalOf(expiring);
    const live = (nowMs: number) => journal.isLive(journal.newest('a')!, nowMs);
    expect([live(MOMENT_MS - 1), live(MOMENT_MS)]).toEqual([true, false]);
    journal.record(set('a', 2));
    journal.record(keyless('flush-later', 3, MOMENT_MS));
    expect([live(MOMENT_MS - 1), live(MOMENT_MS)]).toEqual([true, false]);
    journal.record(set('a', MOMENT_TIME));
    expect(live(MOMENT_MS)).toBe(true);
  });

  it('ends by a flush that came due only what was written before its moment', () => {
    const journal = journalOf(set('old', MOMENT_TIME - 1), set('new', MOMENT_TIME));
    journal.record(keyless('flush-later', MOMENT_TIME - 5, MOMENT_MS));
    journal.record(keyless('flush-due', MOMENT_TIME + 5, MOMENT_MS));
    expect(journal.armedFlush).toBeNull();
    expect(journal.newest('old')).toBeUndefined();
    expect(journal.newest('new')).toBeDefined();
    expect(journal.record(set('late', MOMENT_TIME - 2))).toBe(false);
  });

  it('regression: an announcement that came after a newer flush was armed all the same', () => {
    const journal = journalOf(keyless('flush', 5), keyless('flush-later', 3, MOMENT_MS));
    expect(journal.armedFlush).toBeNull();
    expect(allOf(journal)).toEqual(['flush @5']);
  });

  it('regression: a peer that was away while an announced flush came due never heard of it', () => {
    const here = journalOf(set('a', 1), keyless('flush-later', 2, MOMENT_MS));
    const there = journalOf(set('a', 1));
    here.record(keyless('flush-due', MOMENT_TIME, MOMENT_MS));
    expect(here.armedFlush).toBeNull();
    for (const effect of here.since(new VersionVector([1, 0]))) there.record(effect);
    expect(there.isLive(there.newest('a')!, MOMENT_MS)).toBe(false);
    expect(there.armedFlush?.atMs).toBe(MOMENT_MS);
    expect(here.record(keyless('flush-later', 2, MOMENT_MS))).toBe(false);
  });

  it('does not bring back by a revert what a flush has ended meanwhile', () => {
    const journal = journalOf(set('a', 1));
    const previous = journal.newest('a');
    journal.record(set('a', 3));
    journal.record(keyless('flush', 2));
    journal.revert({ time: 3, node: 0 }, 'a', previous);
    expect(journal.newest('a')).toBeUndefined();
    expect(journal.records).toBe(0);
  });
});
