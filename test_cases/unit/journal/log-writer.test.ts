import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LogFiles } from '../../../src/journal/log-files.ts';
import { LogWriter } from '../../../src/journal/log-writer.ts';

describe('entries that come while the disk is busy', () => {
  it('wait until their time is up, when no caller waits for them', async () => {
    const { writer, disk, time } = started();
    writer.append(RELEASE);
    await time.pass();
    expect(disk.flushing).toBe(true);
    writer.append(RELEASE);
    await disk.flushed();
    expect(disk.flushing).toBe(false);
    await time.pass();
    expect(disk.flushing).toBe(true);
  });

  it('are committed at once, when a caller waits for them', async () => {
    const { writer, disk, time } = started();
    const answers: (string | null)[] = [];
    writer.append(RELEASE);
    await time.pass();
    writer.append(RELEASE);
    writer.whenFlushed((error) => answers.push(error));
    await disk.flushed();
    expect([disk.flushing, answers]).toEqual([true, []]);
    await disk.flushed();
    expect([disk.flushing, answers]).toEqual([false, [null]]);
  });

  it('are committed at once, when their time is up by then', async () => {
    const { writer, disk, time } = started();
    writer.append(RELEASE);
    await time.pass();
    writer.append(RELEASE);
    await time.pass();
    await disk.flushed();
    expect(disk.flushing).toBe(true);
  });
});

it('each flush is measured from the write to its end', async () => {
  const { writer, disk, time } = started();
  for (const ms of [7, 30]) {
    writer.append(RELEASE);
    await time.pass();
    await disk.flushed(ms);
  }
  expect([writer.flushes.count, writer.flushes.sumMs]).toEqual([2, 37]);
});

const RELEASE = { type: 'discard', version: { time: 1, node: 0 } } as const;

/** A writer, with its time and its disk in hand. */
function started() {
  let due: (() => void) | null = null;
  let end: (() => void) | null = null;
  let nowMs = 0;
  const file = {
    write: async () => {},
    sync: () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  };
  const disk = {
    get flushing(): boolean {
      return end !== null;
    },
    /** @param ms how long the flush took */
    flushed: async (ms = 0) => {
      nowMs += ms;
      end!();
      end = null;
      await nextTurn();
    },
  };
  const time = {
    pass: async () => {
      const run = due;
      due = null;
      run?.();
      await nextTurn();
    },
  };
  const after = (_: number, run: () => void) => {
    due = run;
    return () => {
      due = null;
    };
  };
  const writer = new LogWriter(
    {
      files: { create: async () => file, get: async () => file } as unknown as LogFiles,
      timers: { after, soon: () => () => {} },
      clock: { nowMs: () => nowMs, wallMs: () => 0 },
      directoryId: 1,
      commitWithinMs: 50,
      retryAfterMs: 50,
      segmentBytesMax: 1_000_000,
      onSeal: () => null,
      onFlushed: () => {},
      onTrouble: () => {},
    },
    { file: 1, at: 0 },
    1,
  );
  return { writer, disk, time };
}
