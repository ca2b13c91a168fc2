import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { StoreWatch } from '../../../src/replication/restore/store-watch.ts';
import { StoreError } from '../../../src/store/driver.ts';
import { setOf } from '../../support/effects.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { clockAt } from '../../support/ports.ts';

/** One that is kept, and changes its position with what a test does to it. */
class KeptJournal extends MemoryJournal {
  override lastCommit: string | null;

  constructor(position: string) {
    super();
    this.lastCommit = position;
  }
}

function watched(store = new MemoryStore(), keys = 0, startedAt = '0/0') {
  const journal = new KeptJournal(startedAt);
  for (let key = 1; key <= keys; key++) journal.record(setOf(`k${key}`, { time: key, node: 0 }));
  const reasons: string[] = [];
  let nowMs = 0;
  const watch = new StoreWatch({
    store,
    journal,
    name: 'n',
    startedAt,
    clock: clockAt(() => nowMs),
  });
  const look = (laterMs = 1_000): void => {
    nowMs += laterMs;
    watch.onTick();
    store.answerAll();
    const reason = watch.takeFillReason();
    if (reason !== null) reasons.push(reason);
  };
  return { store, journal, watch, reasons, look };
}

/** Its controller ends in good order. */
function leave({ store, watch }: Pick<ReturnType<typeof watched>, 'store' | 'watch'>): void {
  watch.leaveMark(() => {});
  store.answerAll();
}

describe('a store that is watched', () => {
  it('gets a sentinel when there is nothing yet that it should have, and is known then', () => {
    const { watch, reasons, look } = watched();
    expect(watch.isSure).toBe(false);
    look();
    expect(watch.isSure).toBe(true);
    look();
    expect(reasons).toEqual([]);
    expect(watch.figures).toEqual({ instance: 'pid 1', instances: 0, emptied: 0 });
  });

  it('that was flushed from outside is noticed with the next look, once', () => {
    const { store, watch, reasons, look } = watched();
    look();
    store.entries.clear();
    look();
    look();
    expect(reasons).toEqual(['it was emptied']);
    expect(watch.figures).toMatchObject({ instances: 0, emptied: 1 });
  });

  it('is still known to have been emptied when it takes the new sentinel and does not say so', () => {
    const { store, watch, reasons, look } = watched();
    look();
    store.entries.clear();
    const set = store.set.bind(store);
    store.set = (key, entry, done) => set(key, entry, () => done(new StoreError('STORE_DOWN', 'gone')));
    look();
    expect(reasons).toEqual([]);
    store.set = set;
    look();
    expect(reasons).toEqual(['it was emptied']);
    expect(watch.figures).toMatchObject({ instances: 0, emptied: 1 });
  });

  it('is looked at once more for whoever asks, and says whether it has everything', () => {
    const { store, watch, reasons, look } = watched();
    look();
    const answers: boolean[] = [];
    watch.lookAgain((isFull) => answers.push(isFull));
    expect(answers).toEqual([]);
    look(20);
    store.entries.clear();
    watch.lookAgain((isFull) => answers.push(isFull));
    look(20);
    expect([answers, reasons]).toEqual([[true, false], ['it was emptied']]);
  });

  it('is looked at once a second only, however often it is asked to', () => {
    const { store, reasons, look } = watched();
    look();
    store.entries.clear();
    for (let at = 0; at < 49; at++) look(20);
    expect(reasons).toEqual([]);
    look(20);
    expect(reasons).toHaveLength(1);
  });

  it('that another process has taken the place of is noticed with the connection', () => {
    const { store, watch, reasons, look } = watched();
    look();
    store.down();
    look(20);
    expect(watch.isSure).toBe(false);
    store.entries.clear();
    store.up('pid 2');
    look(20);
    expect(reasons).toEqual([]);
    look(100);
    expect(reasons).toEqual(['it is another process']);
    expect(watch.figures).toEqual({ instance: 'pid 2', instances: 1, emptied: 0 });
  });

  it('is found to be another process even if that has an old sentinel', () => {
    const { store, reasons, look } = watched();
    look();
    store.down();
    look(20);
    store.up('pid 2');
    look();
    expect(reasons).toEqual(['it is another process']);
  });

  it('that was only away for a while is the same', () => {
    const { store, watch, reasons, look } = watched();
    look();
    store.down();
    look(20);
    store.up();
    look();
    expect(reasons).toEqual([]);
    expect(watch.isSure).toBe(true);
  });

  it('that does not say which process it is is told by its sentinel alone', () => {
    const store = new MemoryStore();
    store.instanceNow = { instance: null, evictions: null };
    const { reasons, look } = watched(store);
    look();
    store.down();
    look(20);
    store.up();
    look();
    expect(reasons).toEqual([]);
    store.entries.clear();
    look();
    expect(reasons).toEqual(['it was emptied']);
  });

  it('that goes away while it is looked at is looked at again', () => {
    const { store, watch, reasons, look } = watched();
    look();
    store.entries.clear();
    look(1_000 - 20);
    store.down();
    look(20);
    store.up();
    watch.onTick();
    store.down();
    store.answerAll();
    expect(reasons).toEqual([]);
    store.up();
    look();
    expect(reasons).toEqual(['it was emptied']);
  });

  it('at the start need not be filled when an earlier run has filled it, and only then', () => {
    const store = new MemoryStore();
    const first = watched(store, 2);
    first.look();
    expect(first.reasons).toEqual(['it is new, or was emptied, since this controller last ran']);
    const interrupted = watched(store, 2);
    interrupted.look();
    expect(interrupted.reasons).toEqual([
      'it may lack writes, since this controller did not end in good order',
    ]);
    interrupted.watch.noteFilled();
    const killed = watched(store, 2);
    killed.look();
    expect(killed.reasons).toHaveLength(1);
    killed.watch.noteFilled();
    leave(killed);
    const last = watched(store, 2);
    last.look();
    expect(last.reasons).toEqual([]);
    expect(last.watch.isSure).toBe(true);
    const killedAgain = watched(store, 2);
    killedAgain.look();
    expect(killedAgain.reasons).toHaveLength(1);
  });

  it('at the start is filled when a run was killed since, with writes that it never got', () => {
    const store = new MemoryStore();
    const first = watched(store, 2, '1/10');
    first.look();
    first.watch.noteFilled();
    first.journal.lastCommit = '1/20';
    leave(first);
    // While the store hangs: nothing of this life gets there, its mark stays, and the journal goes on.
    store.down();
    watched(store, 2, '1/20').look();
    store.up();
    const next = watched(store, 3, '1/30');
    next.look();
    expect(next.reasons).toEqual(['it may lack writes, since this controller did not end in good order']);
  });

  it('is left without a sentinel when the disk does not have what the store has', () => {
    const store = new MemoryStore();
    const last = watched(store, 2);
    last.look();
    last.watch.noteFilled();
    last.journal.whenDurable = (done) => done('ENOSPC');
    let isDone = false;
    last.watch.leaveMark(() => {
      isDone = true;
    });
    store.answerAll();
    expect(isDone).toBe(true);
    const next = watched(store, 2);
    next.look();
    expect(next.reasons).toHaveLength(1);
  });

  it('that was emptied after it was filled, and whose controller was restarted, is filled again', () => {
    const { store, watch, look } = watched();
    look();
    leave({ store, watch });
    store.entries.delete('\0mcpn');
    const next = watched(store, 1);
    next.look();
    expect(next.reasons).toHaveLength(1);
  });

  it('that was written to before it had a sentinel is not taken to have that still (seed 5389)', () => {
    const { journal, reasons, look } = watched();
    journal.record(setOf('k', { time: 1, node: 0 }));
    look();
    expect(reasons).toEqual(['it was used before it was known']);
  });
});
