import { afterEach, describe, expect, it } from 'vitest';
import type { SetEffect } from '../../../src/ordering/effect.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { DiskJournals, kept, readValue } from '../../support/disk-journals.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { eventually } from '../../support/eventually.ts';
import { describeJournal } from '../../support/journal-acceptance.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

describeJournal('the journal on disk', async () => {
  const opened = await journals.open(journals.dataDir());
  return { journal: opened.journal, close: () => journals.close(opened) };
});

const set = (key: string, time: number, value: string): SetEffect =>
  setOf(key, { time, node: 0 }, { flags: 7, value: Buffer.from(value) });
const version = (time: number) => ({ time, node: 0 });
const EVERYTHING = VersionVector.zero(3);

describe('the journal on disk', () => {
  it('has the same content after a restart: records, values, flushes, watermarks, staged requests', async () => {
    const dataDir = journals.dataDir();
    let opened = await journals.open(dataDir);
    const { journal } = opened;
    journal.record(set('ended', 1, 'x'));
    journal.record({ kind: 'flush', version: version(2) });
    journal.record({ ...set('entry', 3, 'value'), expiresAtMs: 99, token: 5n, marks: 1 });
    journal.record(deleteOf('gone', { time: 4, node: 2 }));
    journal.record({ kind: 'flush-later', version: version(5), atMs: 4e12 });
    const waiting = { ...set('waiting', 8, 'not yet'), condition: version(6) };
    journal.stage(set('applied', 7, 'held value'));
    journal.stage(waiting);
    journal.record(set('applied', 7, 'held value'));
    journal.recordWatermarks({ applied: version(7), known: [7, 0, 4] });
    const before = journal.since(EVERYTHING);
    await journals.close(opened);

    opened = await journals.open(dataDir);
    expect(opened.setAside).toBeNull();
    expect(opened.journal.since(EVERYTHING)).toEqual(before);
    expect(opened.journal.announcedFlush).toEqual({ version: version(5), atMs: 4e12 });
    expect(opened.recovered).toMatchObject({
      records: 3,
      watermarks: { applied: version(7), known: [7, 0, 4] },
      staged: [waiting],
      newestTime: 8,
      tornBytes: 0,
    });
    const found = await readValue(opened.journal, 'entry', version(3));
    expect(found).toEqual({ ...set('entry', 3, 'value'), expiresAtMs: 99, token: 5n, marks: 1 });
    expect((await readValue(opened.journal, 'applied', version(7)))?.value?.toString()).toBe('held value');
    opened.journal.record(waiting);
    expect((await readValue(opened.journal, 'waiting', version(8)))?.value?.toString()).toBe('not yet');
  });

  it('names the same last commit after a restart only if nothing was recorded since', async () => {
    const dataDir = journals.dataDir();
    let opened = await journals.open(dataDir);
    opened.journal.record(set('a', 1, 'value'));
    await kept(opened.journal);
    const lastCommit = opened.journal.lastCommit;
    await journals.close(opened);
    opened = await journals.open(dataDir);
    expect(opened.recovered.lastCommit).toBe(lastCommit);
    opened.journal.record(set('a', 2, 'value'));
    await journals.close(opened);
    opened = await journals.open(dataDir);
    expect(opened.recovered.lastCommit).not.toBe(lastCommit);
  });

  it('has a value as soon as it is recorded', async () => {
    const { journal } = await journals.open(journals.dataDir());
    journal.record(set('entry', 1, 'new'));
    expect((await readValue(journal, 'entry', version(1)))?.value?.toString()).toBe('new');
    const large = 'x'.repeat(3_000_000);
    journal.record(set('large', 2, large));
    expect((await readValue(journal, 'large', version(2)))?.value?.length).toBe(large.length);
  });

  it('takes back a write that the store refused, after a restart too', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const { journal } = opened;
    journal.record(set('back', 1, 'first'));
    const previous = journal.newest('back');
    journal.record(set('back', 2, 'second'));
    journal.revert(version(2), 'back', previous);
    journal.record(set('none', 3, 'first'));
    journal.revert(version(3), 'none', undefined);
    const elsewhere = {
      key: 'passed over',
      version: version(1),
      expiresAtMs: 0,
      tombstone: false,
      token: null,
      marks: 0,
    };
    journal.record(set('passed over', 5, 'refused'));
    journal.revert(version(5), 'passed over', { ...elsewhere, readAtSec: 0 });
    const before = journal.since(EVERYTHING);
    await journals.close(opened);
    const again = (await journals.open(dataDir)).journal;
    expect(again.since(EVERYTHING)).toEqual(before);
    expect(again.newest('back')?.version).toEqual(version(1));
    expect((await readValue(again, 'back', version(1)))?.value?.toString()).toBe('first');
    expect(again.newest('none')).toBeUndefined();
    expect(await readValue(again, 'passed over', version(1))).toBeNull();
  });

  it('has a value that was added after its write', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    opened.journal.record({ ...set('late', 1, ''), value: null });
    expect(await readValue(opened.journal, 'late', version(1))).toBeNull();
    opened.journal.addValue(set('late', 1, 'here it is'));
    await journals.close(opened);
    const { journal } = await journals.open(dataDir);
    expect((await readValue(journal, 'late', version(1)))?.value?.toString()).toBe('here it is');
  });

  it('is not writable while too many bytes wait for the disk, and tells when it is again', async () => {
    let times = 0;
    const onWritable = () => times++;
    const { journal } = await journals.open(journals.dataDir(), { backlogBytesMax: 50_000, onWritable });
    for (let time = 1; time <= 6; time++) journal.record(set(`key ${time}`, time, 'x'.repeat(10_000)));
    expect(journal.state).toMatchObject({ writable: false, reason: expect.stringContaining('slower') });
    expect(await kept(journal)).toBeNull();
    expect(journal.state).toEqual({ writable: true });
    expect(times).toBe(1);
  });

  it('tells how many bytes wait for the disk: none once everything is there, watermarks included', async () => {
    const { journal } = await journals.open(journals.dataDir());
    expect(journal.figures).toMatchObject({ backlogBytes: 0, flushedMs: null });
    journal.record(set('key', 1, 'value'));
    journal.recordWatermarks({ applied: version(1), known: [1, 0, 0] });
    expect(journal.figures.backlogBytes).toBeGreaterThan(0);
    const { diskBytes } = journal.figures;
    await eventually(() => expect(journal.figures.flushedMs).not.toBeNull());
    expect(journal.figures.backlogBytes).toBe(0);
    expect(journal.figures.diskBytes).toBeGreaterThan(diskBytes);
  });

  it('is compacted while it is written to, and loses nothing', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir, { compactBytesMin: 20_000, segmentBytesMax: 8_000 });
    const { journal } = opened;
    let time = 0;
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 20; i++)
        journal.record(set(`key ${i}`, ++time, `value ${time} ${'x'.repeat(100)}`));
      journal.record(set(`once ${round}`, ++time, `kept ${round}`));
      journal.record(deleteOf(`deleted ${round}`, version(++time)));
      journal.forget(journal.newest(`deleted ${round}`)!);
      journal.stage(set(`held ${round}`, ++time, `held ${round}`));
      if (round % 3 === 0) journal.record(set(`held ${round}`, time, `held ${round}`));
      expect(await kept(journal)).toBeNull();
    }
    await eventually(() => expect(journals.messages).toContain('the journal is compacted'));
    await eventually(() => expect(journal.figures.diskBytes).toBeLessThan(80_000));
    const before = journal.since(EVERYTHING);
    await checkValues(journal, 60);
    await journals.close(opened);
    const again = await journals.open(dataDir);
    expect(again.setAside).toBeNull();
    expect(again.journal.since(EVERYTHING)).toEqual(before);
    expect(again.recovered.staged).toHaveLength(40);
    await checkValues(again.journal, 60);
  });
});

describe('a compaction', () => {
  it('is given up when the journal is closed, and does no harm', async () => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    const opened = await journals.open(dataDir, { disk, compactBytesMin: 300_000 });
    const { journal } = opened;
    const begun = () => disk.paths().some((path) => path.endsWith('base.partial'));
    let time = 0;
    while (!begun()) {
      for (let i = 0; i < 50; i++) journal.record(set(`key ${++time % 1_500}`, time, 'x'.repeat(100)));
      await kept(journal);
    }
    const before = journal.since(EVERYTHING);
    await journals.close(opened);
    expect(journals.messages).not.toContain('the journal is compacted');
    expect(disk.paths().filter((path) => path.includes('/base'))).toEqual([]);
    const again = await journals.open(dataDir, { disk });
    expect(again.setAside).toBeNull();
    expect(again.journal.since(EVERYTHING)).toEqual(before);
  });

  it('keeps a value that was replaced meanwhile and comes back when the store refuses the new write', async () => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    const opened = await journals.open(dataDir, { disk, compactBytesMin: 2_000 });
    const { journal } = opened;
    journal.record(set('back', 1, 'first'));
    const previous = journal.newest('back');
    const rename = disk.rename.bind(disk);
    let replaced = false;
    disk.rename = async (from, to) => {
      await rename(from, to);
      replaced ||= journal.record(set('back', 900, 'second'));
    };
    for (let time = 2; !replaced; time++) {
      journal.record(set('other', time, 'x'.repeat(100)));
      await kept(journal);
    }
    await eventually(() => expect(journals.messages).toContain('the journal is compacted'));
    journal.revert(version(900), 'back', previous);
    expect((await readValue(journal, 'back', version(1)))?.value?.toString()).toBe('first');
    await journals.close(opened);
    const again = (await journals.open(dataDir, { disk })).journal;
    expect((await readValue(again, 'back', version(1)))?.value?.toString()).toBe('first');
  });

  it('regression: a staged request came back when the newer record of its key was forgotten meanwhile', async () => {
    const disk = new SimulatedDisk();
    const dataDir = journals.simulated(disk);
    const opened = await journals.open(dataDir, { disk, compactBytesMin: 2_000 });
    const { journal } = opened;
    journal.stage(set('outdone', 1, 'never newest'));
    journal.record(deleteOf('outdone', version(2)));
    const begun = () => disk.paths().some((path) => path.endsWith('base.partial'));
    for (let time = 3; !begun(); time++) {
      journal.record(set('other', time, 'x'.repeat(100)));
      await kept(journal);
    }
    expect(journal.record(set('outdone', 1, 'never newest'))).toBe(false);
    journal.forget(journal.newest('outdone')!);
    await eventually(() => expect(journals.messages).toContain('the journal is compacted'));
    await journals.close(opened);
    const again = await journals.open(dataDir, { disk });
    expect(again.journal.newest('outdone')).toBeUndefined();
    expect(again.recovered.staged).toEqual([]);
  });
});

async function checkValues(journal: Parameters<typeof readValue>[0], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const once = journal.newest(`once ${round}`)!;
    expect((await readValue(journal, once.key, once.version))?.value?.toString()).toBe(`kept ${round}`);
    expect(journal.newest(`deleted ${round}`)).toBeUndefined();
    const held = journal.newest(`held ${round}`);
    expect(held === undefined).toBe(round % 3 !== 0);
    if (held !== undefined)
      expect((await readValue(journal, held.key, held.version))?.value?.toString()).toBe(`held ${round}`);
  }
  for (let i = 0; i < 20; i++) {
    const record = journal.newest(`key ${i}`)!;
    const value = (await readValue(journal, record.key, record.version))?.value?.toString();
    expect(value).toContain(`value ${record.version.time} `);
  }
}
