import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryOf, readIdentity } from '../../../src/journal/data-directory.ts';
import { FlushedPosition } from '../../../src/journal/flushed-position.ts';
import { BATCH_MAGIC } from '../../../src/journal/log-batch.ts';
import { LogFiles } from '../../../src/journal/log-files.ts';
import type { OpenedJournal } from '../../../src/journal/open-journal.ts';
import type { SetEffect } from '../../../src/ordering/effect.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { DiskJournals, kept, OWNER } from '../../support/disk-journals.ts';
import { setOf } from '../../support/effects.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const set = (time: number, key = time % 3 === 0 ? `once ${time}` : `key ${time % 7}`): SetEffect =>
  setOf(key, { time, node: 0 }, { value: Buffer.from(`value ${time}`) });

/** A directory with a base and a few logs, closed properly, or as a killed process leaves it. */
async function written(how: 'closed' | 'killed'): Promise<{ dataDir: string; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk();
  const dataDir = journals.simulated(disk);
  const opened = await journals.open(dataDir, { disk, segmentBytesMax: 400, compactBytesMin: 2_000 });
  let time = 0;
  const isCompacted = () => disk.paths().some((path) => path.includes('/base-'));
  while (!isCompacted()) {
    opened.journal.record(set(++time));
    await kept(opened.journal);
    await new Promise(setImmediate);
  }
  for (let i = 0; i < 12; i++) {
    opened.journal.record(set(++time));
    await kept(opened.journal);
  }
  if (how === 'closed') await journals.close(opened);
  else await abandonMarked(opened, disk, dataDir);
  await eventually(() => expect(disk.paths().some((path) => path.endsWith('.partial'))).toBe(false));
  return { dataDir, disk: disk.killed() };
}

/** Ends the journal as a kill does, after the flushed position was written. */
async function abandonMarked(opened: OpenedJournal, disk: SimulatedDisk, dataDir: string): Promise<void> {
  await kept(opened.journal);
  const directory = directoryOf(dataDir, OWNER.controller);
  const files = new LogFiles(disk, directory);
  const file = (await files.list()).at(-1)!;
  const at = disk.bytesOf(files.pathOf(file)).length;
  const { directoryId } = (await readIdentity(disk, directory, OWNER))!;
  await eventually(async () => {
    const { position } = await FlushedPosition.open(disk, join(directory, 'flushed'), directoryId);
    expect(position).toEqual({ file, at });
  });
  journals.abandon(opened);
}

/** Opens the directory, and tells what became of it. */
async function outcome(
  dataDir: string,
  disk: SimulatedDisk,
  whole: string,
): Promise<'set aside' | 'whole' | 'other'> {
  let opened: OpenedJournal | null = null;
  try {
    opened = await journals.open(dataDir, { disk });
    const found = contentOf(opened);
    if (opened.setAside === null) return found === whole ? 'whole' : 'other';
    expect(opened.journal.records).toBe(0);
    expect(disk.paths().some((path) => path.startsWith(`${directoryOf(dataDir, 0)}.damaged-`))).toBe(true);
    return 'set aside';
  } finally {
    if (opened !== null) await journals.close(opened);
  }
}

function contentOf({ journal }: OpenedJournal): string {
  return JSON.stringify(journal.since(VersionVector.zero(3)));
}

async function wholeOf(dataDir: string, disk: SimulatedDisk): Promise<string> {
  const opened = await journals.open(dataDir, { disk });
  expect(opened.setAside).toBeNull();
  const found = contentOf(opened);
  await journals.close(opened);
  return found;
}

describe('a damaged directory', () => {
  it('is set aside, whichever byte has changed in it', { timeout: 120_000 }, async () => {
    const { dataDir, disk } = await written('closed');
    const whole = await wholeOf(dataDir, disk.killed());
    const paths = disk.paths().filter((path) => !path.endsWith('/flushed'));
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) {
      const bytes = disk.bytesOf(path);
      for (let at = 0; at < bytes.length; at += 1 + Math.floor(bytes.length / 60)) {
        const copy = disk.killed();
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        copy.overwrite(path, changed);
        expect([path, at, await outcome(dataDir, copy, whole)]).toEqual([path, at, 'set aside']);
      }
    }
  });

  it('is set aside when a file is missing, empty or cut short', { timeout: 120_000 }, async () => {
    for (const how of ['closed', 'killed'] as const) {
      const { dataDir, disk } = await written(how);
      const whole = await wholeOf(dataDir, disk.killed());
      for (const path of disk.paths()) {
        const bytes = disk.bytesOf(path);
        const cuts = [0, 1, 39, 41, bytes.length >> 1, bytes.length - 1].filter((cut) => cut < bytes.length);
        for (const left of [null, ...cuts.map((cut) => bytes.subarray(0, cut))]) {
          const copy = disk.killed();
          copy.overwrite(path, left);
          const found = await outcome(dataDir, copy, whole);
          const harmless = path.endsWith('/flushed') && left !== null && left.length > 0;
          expect([path, left?.length, found]).toSatisfy(
            ([, , is]) => is === 'set aside' || (harmless && is === 'whole'),
          );
        }
      }
    }
  });
});

describe('a damaged directory with an old or torn record of what was flushed', () => {
  it('counts as damaged when intact batches follow', async () => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    const opened = await journals.open(dataDir, { disk });
    const directory = directoryOf(dataDir, OWNER.controller);
    const oldMark = disk.bytesOf(join(directory, 'flushed'));
    const log = join(directory, 'log-00000000');
    const ends: number[] = [];
    for (let time = 1; time <= 4; time++) {
      opened.journal.record(set(time));
      await kept(opened.journal);
      ends.push(disk.bytesOf(log).length);
    }
    journals.abandon(opened);
    const bytes = disk.bytesOf(log);
    const outcomes: string[] = [];
    for (const at of [ends[0]! - 1, ends[1]! - 1, ends[2]! - 1, ends[3]! - 1]) {
      const copy = disk.killed();
      copy.overwrite(join(directory, 'flushed'), oldMark);
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      copy.overwrite(log, changed);
      const again = await journals.open(dataDir, { disk: copy });
      outcomes.push(again.setAside === null ? `${again.journal.records} left` : 'set aside');
      await journals.close(again);
    }
    // A damaged batch with nothing intact behind it may be torn by a crash.
    expect(outcomes).toEqual(['set aside', 'set aside', 'set aside', '3 left']);
  });

  it('is set aside when its base is incomplete, even without a log behind it', async () => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    const opened = await journals.open(dataDir, { disk, compactBytesMin: 100_000 });
    for (let time = 1; time <= 20_000; time += 2) opened.journal.record(set(time, `key ${time}`));
    await kept(opened.journal);
    await eventually(() => expect(journals.messages).toContain('the journal is compacted'));
    await journals.close(opened);
    const base = disk.paths().find((path) => path.includes('/base-'))!;
    const size = disk.bytesOf(base).length;
    const second = disk.bytesOf(base).indexOf(BATCH_MAGIC, 1);
    expect(second).toBeGreaterThan(0);
    for (const length of [0, second, size - 1]) {
      const copy = disk.killed();
      for (const path of copy.paths()) if (path.includes('/log-')) copy.overwrite(path, null);
      copy.overwrite(base, disk.bytesOf(base).subarray(0, length));
      expect([length, await outcome(dataDir, copy, '')]).toEqual([length, 'set aside']);
    }
  });

  it('is read from one slot of that record when the other is torn', async () => {
    const { dataDir, disk } = await written('closed');
    const whole = await wholeOf(dataDir, disk.killed());
    const path = join(directoryOf(dataDir, OWNER.controller), 'flushed');
    for (const at of [0, 9, 512, 520]) {
      const copy = disk.killed();
      const bytes = disk.bytesOf(path);
      bytes[at]! ^= 0xff;
      copy.overwrite(path, bytes);
      expect(await outcome(dataDir, copy, whole)).toBe('whole');
    }
  });
});
