import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { SetEffect } from '../../../src/ordering/effect.ts';
import { UnconfirmedWrites } from '../../../src/replication/convergent/unconfirmed-writes.ts';
import { setOf } from '../../support/effects.ts';

function write(time: number, node: number): SetEffect {
  return setOf('k', { time, node });
}

describe('writes that the store refuses', () => {
  it('leave a write that came in from a peer meanwhile, although it was older', () => {
    const journal = new MemoryJournal();
    const unconfirmed = new UnconfirmedWrites(journal);
    journal.record(write(10, 1));
    const failing = write(30, 0);
    unconfirmed.begin('k');
    journal.record(failing);
    const fromPeer = write(20, 1);
    expect(journal.record(fromPeer)).toBe(false);
    unconfirmed.confirm(fromPeer);
    unconfirmed.end(failing, false);
    expect(journal.newest('k')?.version).toEqual({ time: 20, node: 1 });
  });

  it('do not bring each other back', () => {
    const journal = new MemoryJournal();
    const unconfirmed = new UnconfirmedWrites(journal);
    journal.record(write(10, 1));
    const failing = [write(20, 0), write(30, 0)];
    for (const effect of failing) {
      unconfirmed.begin('k');
      journal.record(effect);
    }
    for (const effect of failing) unconfirmed.end(effect, false);
    expect(journal.newest('k')?.version).toEqual({ time: 10, node: 1 });
  });

  it('leave the one before them that the store took', () => {
    const journal = new MemoryJournal();
    const unconfirmed = new UnconfirmedWrites(journal);
    for (const effect of [write(20, 0), write(30, 0)]) {
      unconfirmed.begin('k');
      journal.record(effect);
    }
    unconfirmed.end(write(20, 0), true);
    unconfirmed.end(write(30, 0), false);
    expect(journal.newest('k')?.version).toEqual({ time: 20, node: 0 });
  });

  it('have been answered when a read that waits for the writes of that moment is called', () => {
    const unconfirmed = new UnconfirmedWrites(new MemoryJournal());
    const called: string[] = [];
    expect(unconfirmed.afterAnswers('k', () => called.push('never'))).toBe(false);
    unconfirmed.begin('k');
    unconfirmed.afterAnswers('k', () => called.push('first'));
    unconfirmed.begin('k');
    unconfirmed.afterAnswers('k', () => called.push('both'));
    unconfirmed.end(write(20, 0), false);
    expect(called).toEqual(['first']);
    unconfirmed.begin('k');
    unconfirmed.end(write(30, 0), true);
    expect(called).toEqual(['first', 'both']);
  });
});
