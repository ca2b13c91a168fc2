import { describe, expect, it } from 'vitest';
import type { JournalState } from '../../../src/journal/journal.ts';
import { JournalWatch } from '../../../src/replication/ordered/journal-watch.ts';
import { clockAt } from '../../support/ports.ts';

const SUSPECT_AFTER_MS = 300;
const TICK_MS = 20;

const FULL: JournalState = { writable: false, isTemporary: false, reason: 'ENOSPC' };
const SLOW: JournalState = { writable: false, isTemporary: true, reason: 'slow' };
const WELL: JournalState = { writable: true };

/** A watch on a journal whose state is set, and a clock that is moved. */
function watched() {
  const journal = { state: WELL };
  let nowMs = 0;
  let changes = 0;
  let awaited = true;
  const watch = new JournalWatch({
    journal,
    clock: clockAt(() => nowMs),
    suspectAfterMs: SUSPECT_AFTER_MS,
  });
  const tick = () => {
    if (watch.onTick(awaited)) changes++;
  };
  const run = (state: JournalState, forMs: number) => {
    journal.state = state;
    for (const untilMs = nowMs + forMs; nowMs < untilMs; nowMs += TICK_MS) tick();
    tick();
  };
  return {
    watch,
    run,
    changes: () => changes,
    setAwaited: (value: boolean) => {
      awaited = value;
    },
    /** How long the watch goes on holding its controller back. */
    heldBackMs: () => {
      const fromMs = nowMs;
      journal.state = WELL;
      do {
        tick();
        nowMs += TICK_MS;
      } while (watch.exclusionReason !== '');
      return nowMs - fromMs;
    },
  };
}

const said = ({ journalTrouble, isStalling, exclusionReason }: JournalWatch) => [
  journalTrouble,
  isStalling,
  exclusionReason,
];

describe('the watch on the journal', () => {
  it('says at once that it takes no writes, and after a while that requests wait for it', () => {
    const { watch, run, changes } = watched();
    run(WELL, 100);
    expect(said(watch)).toEqual(['', false, '']);
    run(FULL, SUSPECT_AFTER_MS - TICK_MS);
    expect(said(watch)).toEqual(['ENOSPC', false, 'the journal takes no writes: ENOSPC']);
    run(FULL, TICK_MS);
    expect(watch.isStalling).toBe(true);
    run(WELL, TICK_MS);
    expect(said(watch)).toEqual(['', false, 'the journal took no writes until a moment ago']);
    expect(changes()).toBe(3);
  });

  it('does not count as stalling while there is nothing to acknowledge', () => {
    const { watch, run, setAwaited } = watched();
    setAwaited(false);
    run(FULL, 10 * SUSPECT_AFTER_MS);
    expect(watch.isStalling).toBe(false);
    setAwaited(true);
    run(FULL, SUSPECT_AFTER_MS - TICK_MS);
    expect(watch.isStalling).toBe(false);
    run(FULL, TICK_MS);
    expect(watch.isStalling).toBe(true);
  });

  it('waits for a disk that is merely slow', () => {
    const { watch, run } = watched();
    run(SLOW, 10 * SUSPECT_AFTER_MS);
    expect(said(watch)).toEqual(['', false, '']);
  });

  it('excludes its controller for longer each time that it fails again, up to a bound', () => {
    const { run, heldBackMs } = watched();
    const waits = Array.from({ length: 6 }, () => {
      run(FULL, 100);
      return heldBackMs();
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    run(WELL, 60_000);
    run(FULL, 100);
    expect(heldBackMs()).toBe(1_000);
  });
});
