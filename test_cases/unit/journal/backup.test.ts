import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { backUp, restore } from '../../../src/journal/backup.ts';
import { directoryOf } from '../../../src/journal/data-directory.ts';
import { JournalError } from '../../../src/journal/journal-error.ts';
import type { SetEffect } from '../../../src/ordering/effect.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { DiskJournals, kept, OWNER, readValue } from '../../support/disk-journals.ts';
import { setOf } from '../../support/effects.ts';
import { eventually } from '../../support/eventually.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

/** Until it is noted how far the log is on disk, in milliseconds. */
const NOTED_MS = 200;

const EVERYTHING = VersionVector.zero(3);
const set = (time: number): SetEffect =>
  setOf(`key ${time % 500}`, { time, node: 0 }, { value: Buffer.from(`value ${time}`) });

async function backedUp() {
  const dataDir = journals.dataDir();
  const opened = await journals.open(dataDir, {
    segmentBytesMax: 20_000,
    compactBytesMin: 40_000,
  });
  const { journal } = opened;
  for (let time = 1; time <= 2_000; time++) {
    journal.record(set(time));
    if (time % 100 === 0) await kept(journal);
  }
  const before = journal.since(EVERYTHING);
  await sleep(NOTED_MS);
  const directory = journals.dataDir();
  const progress: number[] = [];
  await backUp(dataDir, OWNER, directory, (done, total) => progress.push(done / total));
  return { opened, source: dataDir, before, directory, progress };
}

describe('a backup', () => {
  it('of a running journal has everything that was recorded when the backup began, and can be restored', async () => {
    const { opened, before, directory, progress } = await backedUp();
    for (let time = 3_000; time < 3_500; time++) opened.journal.record(set(time));
    await kept(opened.journal);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));

    const dataDir = journals.dataDir();
    expect(await restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, () => {})).toMatchObject({
      records: 500,
    });
    const { journal, setAside, recovered } = await journals.open(dataDir);
    expect(setAside).toBeNull();
    expect(recovered.newestTime).toBe(2_000);
    expect(journal.since(EVERYTHING)).toEqual(before);
    for (const time of [1_501, 1_750, 2_000]) {
      const found = await readValue(journal, set(time).key, { time, node: 0 });
      expect(found?.value?.toString()).toBe(`value ${time}`);
    }
  });

  it('regression: a backup that was made right after a compaction had no files', async () => {
    const source = journals.dataDir();
    const opened = await journals.open(source, { compactBytesMin: 5_000 });
    for (let time = 1; time <= 500; time++) opened.journal.record(set(time));
    await kept(opened.journal);
    await eventually(() => expect(journals.messages).toContain('the journal is compacted'));
    await sleep(NOTED_MS);
    const directory = journals.dataDir();
    await backUp(source, OWNER, directory, () => {});
    expect(
      await restore({ directory, kind: OWNER.consistency }, journals.dataDir(), OWNER, () => {}),
    ).toMatchObject({ records: 500 });
  });

  it('has the state of one moment, also while writes go on', async () => {
    const source = journals.dataDir();
    const opened = await journals.open(source, {
      segmentBytesMax: 5_000,
      compactBytesMin: 5_000,
    });
    const { journal } = opened;
    const directory = journals.dataDir();
    for (let time = 1; time <= 300; time++) journal.record(set(time));
    await kept(journal);
    await sleep(NOTED_MS);
    const running = backUp(source, OWNER, directory, () => {});
    for (let time = 301; time <= 1_300; time++) {
      journal.record(set(time));
      if (time % 20 === 0) await kept(journal);
    }
    await running;
    const dataDir = journals.dataDir();
    await restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, () => {});
    const found = (await journals.open(dataDir)).journal.since(EVERYTHING).map(({ version }) => version.time);
    const last = found.at(-1)!;
    expect(last).toBeGreaterThanOrEqual(300);
    const newest = Array.from({ length: Math.min(500, last) }, (_, i) => last - i).reverse();
    expect(found).toEqual(newest);
  });

  it('is refused and leaves nothing if it is damaged, has another owner, or has no empty place to go to', async () => {
    const { source, directory } = await backedUp();
    const dataDir = journals.dataDir();
    const other = { ...OWNER, cluster: 'other' };
    await expect(restore({ directory, kind: OWNER.consistency }, dataDir, other, () => {})).rejects.toThrow(
      /belongs to cluster test, not other/,
    );
    const name = readdirSync(directory).find((one) => /^(log|base)-/.test(one))!;
    const bytes = readFileSync(join(directory, name));
    bytes[bytes.length >> 1]! ^= 4;
    writeFileSync(join(directory, name), bytes);
    await expect(restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, () => {})).rejects.toThrow(
      /is no whole backup \(/,
    );
    const again = await journals.open(dataDir);
    expect(again.journal.records).toBe(0);
    expect(again.setAside).toBeNull();
    await journals.close(again);
    await expect(backUp(source, OWNER, directory, () => {})).rejects.toThrow(/is not empty/);
    await expect(restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, () => {})).rejects.toThrow(
      /is not empty/,
    );
    expect(readdirSync(directoryOf(dataDir, 0))).toContain('identity');
  });

  it('takes the addresses that it is restored for, and fits only the same number of controllers', async () => {
    const { directory, before } = await backedUp();
    const dataDir = journals.dataDir();
    const moved = { ...OWNER, peers: 'd:4,e:5,f:6' };
    const more = { ...OWNER, peers: 'd:4,e:5,f:6,g:7' };
    await expect(restore({ directory, kind: OWNER.consistency }, dataDir, more, () => {})).rejects.toThrow(
      /of a cluster of 3 controllers, not 4/,
    );
    expect(existsSync(dataDir)).toBe(false);
    expect(await restore({ directory, kind: OWNER.consistency }, dataDir, moved, () => {})).toEqual({
      records: 500,
      peers: OWNER.peers,
    });
    await expect(journals.open(dataDir)).rejects.toThrow(/belongs to peers d:4,e:5,f:6, not a:1,b:2,c:3/);
    const { journal } = await journals.open(dataDir, { owner: moved });
    expect(journal.since(EVERYTHING)).toEqual(before);
  });

  it('leaves nothing of a restore that is interrupted', async () => {
    const { directory } = await backedUp();
    const dataDir = journals.dataDir();
    const interrupted = new JournalError('INTERRUPTED', 'restoring was interrupted');
    const interrupt = (): void => {
      throw interrupted;
    };
    await expect(restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, interrupt)).rejects.toBe(
      interrupted,
    );
    expect(readdirSync(dataDir)).toEqual([]);
    expect(await restore({ directory, kind: OWNER.consistency }, dataDir, OWNER, () => {})).toMatchObject({
      records: 500,
    });
  });
});
