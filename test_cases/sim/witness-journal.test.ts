import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import type { KeyEffect } from '../../src/ordering/effect.ts';
import { deleteOf, setOf } from '../support/effects.ts';
import { findForgotten } from './judge.ts';
import { WitnessJournal } from './witness-journal.ts';

function write(time: number, kind: KeyEffect['kind'] = 'set', node = 0): KeyEffect {
  return (kind === 'set' ? setOf : deleteOf)('k', { time, node });
}

/** A controller journals a write before its store may refuse it. */
describe('the writes that a controller has known', () => {
  const known = () => new WitnessJournal(new MemoryJournal());
  const forgotten = (journal: WitnessJournal) => findForgotten([{ id: 0, incarnation: 1, journal }]);

  it('do not include a write that was reverted', () => {
    const journal = known();
    journal.record(write(10));
    const before = journal.newest('k')!;
    journal.record(write(20, 'delete'));
    journal.revert({ time: 20, node: 0 }, 'k', before);
    expect(journal.applied.map(({ version }) => version.time)).toEqual([10]);
    expect(forgotten(journal)).toBeNull();
  });

  it('include a write that the journal names again after the store refused it', () => {
    const journal = known();
    journal.record(write(10));
    journal.record(write(20, 'delete'));
    journal.revert({ time: 20, node: 0 }, 'k', journal.newest('k'));
    journal.forget(journal.newest('k')!);
    expect(journal.applied.map(({ version }) => version.time)).toEqual([10, 20]);
    expect(forgotten(journal)).toBeNull();
  });

  it('include an older write that takes the place of a reverted one', () => {
    const journal = known();
    journal.record(write(30));
    const older = { ...journal.newest('k')!, version: { time: 20, node: 1 } };
    expect(journal.record(write(20, 'set', 1))).toBe(false);
    journal.revert({ time: 30, node: 0 }, 'k', older);
    expect(journal.applied.map(({ version }) => version)).toEqual([{ time: 20, node: 1 }]);
    journal.forget(journal.newest('k')!);
    expect(forgotten(journal)).toBe('n0 knew k as of 20/1, and does not any more');
  });

  it('are not forgotten with the deletion of an older entry', () => {
    const journal = known();
    journal.record(write(10, 'delete'));
    journal.record(write(20));
    journal.forget(journal.newest('k')!);
    expect(forgotten(journal)).toBe('n0 knew k as of 20/0, and does not any more');
  });
});

/** Another controller had both of them as the state that they made (seed 49002299). */
it('what a controller leaves behind includes what the writes of others rest on, and nothing newer', () => {
  const abandoned = new WitnessJournal(new MemoryJournal());
  for (const time of [10, 20, 30]) abandoned.record(write(time));
  const other = new WitnessJournal(new MemoryJournal());
  other.record(write(20));
  abandoned.abandon([other]);
  expect(abandoned.applied.map(({ version }) => version.time)).toEqual([10, 20]);
});

/** It had copied the second one of them, and started empty before the others went on without it (seed 521000857). */
it('what a controller leaves behind counts no longer once the others go on from an older state', () => {
  const abandoned = new WitnessJournal(new MemoryJournal());
  for (const time of [10, 20]) abandoned.record(write(time));
  const other = new WitnessJournal(new MemoryJournal(), abandoned.applied);
  abandoned.abandon([other]);
  expect(abandoned.applied.map(({ version }) => version.time)).toEqual([10, 20]);
  for (const journal of [abandoned, other]) {
    journal.forgetBeyond({ time: 10, node: 0 }, true);
    expect(journal.applied.map(({ version }) => version.time)).toEqual([10]);
  }
});

/** Each of the two had copied the second one, and started empty while the other one still had it (seed 2061000087). */
it('what two controllers have copied and the others have lost counts no longer once both have started empty', () => {
  const [one, other] = [1, 2].map(() => {
    const copied = new WitnessJournal(new MemoryJournal());
    for (const time of [10, 20]) copied.record(write(time));
    copied.forgetBeyond({ time: 10, node: 0 }, true);
    return copied;
  });
  one!.abandon([other!]);
  other!.abandon([one!]);
  for (const { applied } of [one!, other!]) expect(applied.map(({ version }) => version.time)).toEqual([10]);
});

/** A controller that goes on with what the others have lost is wrong, and the writes that it keeps show that. */
it('what a controller has copied counts as long as its run goes on', () => {
  const copied = new WitnessJournal(new MemoryJournal());
  for (const time of [10, 20]) copied.record(write(time));
  copied.forgetBeyond({ time: 10, node: 0 }, true);
  expect(copied.applied.map(({ version }) => version.time)).toEqual([10, 20]);
  expect(copied.handedOn.map(({ version }) => version.time)).toEqual([10]);
});

it('what a run has written that began after the loss counts for good', () => {
  const journal = new WitnessJournal(new MemoryJournal());
  for (const time of [10, 20]) journal.record(write(time));
  journal.forgetBeyond({ time: 10, node: 0 }, false);
  expect(journal.handedOn.map(({ version }) => version.time)).toEqual([10, 20]);
});

it('a write that is lost where it came from counts for no group that had copied it', () => {
  const copying = new WitnessJournal(new MemoryJournal());
  for (const time of [10, 20, 30]) copying.record(write(time));
  const next = new WitnessJournal(new MemoryJournal(), copying.handedOn);
  next.record(write(40));
  next.forgetCopies([write(20), write(40)]);
  expect(next.applied.map(({ version }) => version.time)).toEqual([10, 30, 40]);
});
