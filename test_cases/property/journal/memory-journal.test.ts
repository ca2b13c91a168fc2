import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../../src/journal/journal.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { Effect } from '../../../src/ordering/effect.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { completedWrites, EFFECT_KINDS, KEYS, ORIGINS } from '../../support/effect-arbitraries.ts';
import { keyOf } from '../../support/effects.ts';
import { TwinJournal } from '../../support/twin-journal.ts';

/** The record without its links, which are internal to the journal. */
function plain(record: JournalRecord | undefined): JournalRecord | undefined {
  if (record === undefined) return undefined;
  const { key, version, expiresAtMs, tombstone, token, marks, readAtSec } = record;
  return { key, version, expiresAtMs, tombstone, token, marks, readAtSec };
}

function expectAsTwin(journal: MemoryJournal, twin: TwinJournal, known: readonly number[]): void {
  for (const key of KEYS) expect(plain(journal.newest(key))).toEqual(twin.all.get(key));
  expect(journal.keys).toBe(twin.keys);
  expect(journal.records).toBe(twin.all.size);
  expect(journal.announcedFlush).toEqual(twin.announcedFlush);
  for (const vector of [known, []]) {
    expect(journal.since(new VersionVector(vector))).toEqual(twin.since(vector));
  }
}

/** How far each origin is known. */
const knownTimes = fc.tuple(...ORIGINS.map(() => fc.nat({ max: 40_000 }))).map((times) => {
  const known: number[] = new Array(ORIGINS.at(-1)! + 1).fill(0);
  ORIGINS.forEach((origin, index) => {
    known[origin] = times[index]!;
  });
  return known;
});

/** A step after a write was recorded. */
const afterwards = fc.constantFrom('nothing', 'nothing', 'revert', 'forget', 'sample');

function step(journal: MemoryJournal, twin: TwinJournal, effect: Effect, then: string): void {
  const key = keyOf(effect) ?? '';
  const before = journal.newest(key);
  const plainBefore = plain(before);
  expect(journal.record(effect)).toBe(twin.record(effect));
  if (then === 'revert') {
    journal.revert(effect.version, key, before);
    twin.revert(effect.version, key, plainBefore);
  } else if (then === 'forget') {
    const record = journal.newest(key);
    if (record === undefined) return;
    journal.forget(record);
    twin.forget(key);
  } else if (then === 'sample') journal.sample(2);
}

describe('the journal in memory', () => {
  it('answers like a map that is searched for every question', () => {
    const steps = fc.tuple(
      completedWrites(EFFECT_KINDS, 60),
      fc.array(afterwards, { minLength: 60, maxLength: 60 }),
      knownTimes,
    );
    fc.assert(
      fc.property(steps, ([effects, then, known]) => {
        const journal = new MemoryJournal();
        const twin = new TwinJournal();
        effects.forEach((effect, index) => {
          step(journal, twin, effect, then[index]!);
          expectAsTwin(journal, twin, known);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('ends the same for any order of the same writes, with some of them twice', () => {
    const writes = completedWrites(['set', 'delete', 'flush', 'flush-later'], 30).chain((effects) => {
      const order = fc.shuffledSubarray(effects, { minLength: effects.length, maxLength: effects.length });
      return fc.tuple(order, order, fc.subarray(effects));
    });
    fc.assert(
      fc.property(writes, ([one, other, twice]) => {
        const here = new MemoryJournal();
        const there = new MemoryJournal();
        for (const effect of one) here.record(effect);
        for (const effect of [...other, ...twice]) there.record(effect);
        const nothing = new VersionVector([]);
        expect(there.since(nothing)).toEqual(here.since(nothing));
        expect(there.announcedFlush).toEqual(here.announcedFlush);
        for (const key of KEYS) expect(plain(there.newest(key))).toEqual(plain(here.newest(key)));
      }),
      { numRuns: 300 },
    );
  });

  it('ends the same after it has taken in what another journal has and it lacks', () => {
    const writes = completedWrites(['set', 'delete', 'flush', 'flush-later'], 30);
    fc.assert(
      fc.property(writes, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (effects, side) => {
        const here = new MemoryJournal();
        const there = new MemoryJournal();
        effects.forEach((effect, index) => {
          (side[index] ? here : there).record(effect);
        });
        const nothing = new VersionVector([]);
        for (const effect of here.since(nothing)) there.record(effect);
        for (const effect of there.since(nothing)) here.record(effect);
        expect(there.since(nothing)).toEqual(here.since(nothing));
      }),
      { numRuns: 300 },
    );
  });
});
