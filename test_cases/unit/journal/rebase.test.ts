import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClockPlan, missingIn, newPlan, withControllers } from '../../../src/journal/clock-plan.ts';
import { directoryOf } from '../../../src/journal/data-directory.ts';
import type { OpenedJournal } from '../../../src/journal/open-journal.ts';
import { rebase, surveyTimes } from '../../../src/journal/rebase.ts';
import { isOfKey, type SetEffect } from '../../../src/ordering/effect.ts';
import { TICKS_PER_MS, versionTimeOfMs } from '../../../src/ordering/version.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { DiskJournals, OWNER, readValue } from '../../support/disk-journals.ts';
import { deleteOf, setOf } from '../../support/effects.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const NOW_MS = Date.UTC(2026, 5, 1);
const NOW = versionTimeOfMs(NOW_MS);
const DAY = 86_400_000 * TICKS_PER_MS;
const YEAR = 365 * DAY;
const END = Number.MAX_SAFE_INTEGER;

function write(key: string, time: number, more: Partial<SetEffect> = {}): SetEffect {
  return setOf(key, { time, node: 1 }, { value: Buffer.from(`${key} at ${time}`), ...more });
}

/** Closes the journal, and surveys and rebases its directory. */
async function rebased(opened: OpenedJournal, dataDir: string): Promise<OpenedJournal> {
  await journals.close(opened);
  const plan = await planOf(dataDir);
  expect(await rebase(dataDir, OWNER, plan, NOW_MS)).toMatchObject({ outcome: 'rebased' });
  return journals.open(dataDir);
}

/** A plan of a cluster in which the two others have nothing. */
async function planOf(dataDir: string): Promise<ClockPlan> {
  const begun = newPlan(OWNER, NOW_MS);
  const { spans, flushedMs } = await surveyTimes(dataDir, OWNER, begun);
  const nothing = { spans: [], flushedMs: [] };
  return { ...begun, controllers: { 0: { spans, flushedMs }, 1: nothing, 2: nothing } };
}

function timesIn({ journal }: OpenedJournal): [string, number][] {
  return journal
    .since(VersionVector.zero(3))
    .filter(isOfKey)
    .map(({ key, version }) => [key, version.time]);
}

describe('a journal whose versions are far ahead', () => {
  it.each([
    ['a year', NOW + YEAR],
    ['until the end of time', END - 2],
  ])('by %s has all its entries, in their order, not ahead any more', async (_, far) => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const { journal } = opened;
    journal.record(write('old', NOW - YEAR, { flags: 7, expiresAtMs: NOW_MS + 5_000 }));
    journal.record(write('yesterday', NOW - DAY, { token: 12n, marks: 1 }));
    journal.record(write('far', far));
    journal.record(deleteOf('gone', { time: far + 1, node: 1 }));
    journal.record(write('overwritten', far - 5));
    journal.record(write('overwritten', far + 2));
    const again = await rebased(opened, dataDir);
    const found = timesIn(again);
    expect(found.map(([key]) => key)).toEqual(['old', 'yesterday', 'far', 'gone', 'overwritten']);
    const times = found.map(([, time]) => time);
    expect(times.slice(0, 2)).toEqual([NOW - YEAR, NOW - DAY]);
    expect(times.at(-1)).toBeLessThanOrEqual(NOW);
    expect(times.at(-1)! - times.at(-3)!).toBe(2);
    expect(again.recovered.newestTime).toBe(times.at(-1));
    expect(again.journal.keys).toBe(4);
    for (const [key, time] of found) {
      if (key === 'gone') continue;
      const value = await readValue(again.journal, key, { time, node: 1 });
      const writtenAt = key === 'far' ? far : key === 'overwritten' ? far + 2 : time;
      expect(value?.value?.toString()).toBe(`${key} at ${writtenAt}`);
      if (key === 'old') expect(value).toMatchObject({ flags: 7, expiresAtMs: NOW_MS + 5_000 });
      if (key === 'yesterday') expect(value).toMatchObject({ token: 12n, marks: 1 });
    }
    const next = write('far', NOW + 1);
    expect(again.journal.record(next)).toBe(true);
  });

  it('keeps the staged requests, the watermarks and the forgotten deletions, with the new times', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const far = NOW + YEAR;
    opened.journal.record(write('a', far));
    opened.journal.stage(write('a', far + 10, { condition: { time: far, node: 1 } }));
    opened.journal.stage(write('b', far + 11, { condition: { time: far - DAY, node: 2 } }));
    opened.journal.recordWatermarks({ applied: { time: far, node: 1 }, known: [NOW - DAY, far, 0] });
    opened.journal.noteForgotten([0, far - 3, 0]);
    const { recovered, journal } = await rebased(opened, dataDir);
    const at = journal.newest('a')!.version.time;
    expect(recovered.watermarks).toEqual({ applied: { time: at, node: 1 }, known: [NOW - DAY, at, 0] });
    expect(journal.forgotten.times()).toEqual([0, at - 3, 0]);
    const staged = recovered.staged.filter(isOfKey);
    expect(staged.map(({ version, key }) => [key, version.time])).toEqual([
      ['a', at + 10],
      ['b', at + 11],
    ]);
    expect(staged[0]!.condition).toEqual({ time: at, node: 1 });
    const condition = staged[1]!.condition!;
    expect(condition.time).toBeLessThan(at - 3);
    expect(condition.time).toBeGreaterThan(NOW - DAY);
    expect(recovered.newestTime).toBe(at + 11);
  });

  it('loses no entry to a flush that was carried out, and no entry that it ended comes back', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const flushMs = NOW_MS + 3_600_000;
    const { journal } = opened;
    journal.record(write('ended', NOW));
    journal.record({
      kind: 'flush-later',
      version: { time: NOW + 1, node: 1 },
      atMs: flushMs,
    });
    journal.record(write('after', NOW + YEAR));
    journal.record({
      kind: 'flush-due',
      version: { time: NOW + 2, node: 1 },
      atMs: flushMs,
    });
    expect(journal.keys).toBe(1);
    const again = await rebased(opened, dataDir);
    expect(again.journal.newest('after')).toBeDefined();
    expect(again.journal.announcedFlush).toBeNull();
    const endedAt = again.journal.newest('after')!.version.time - YEAR;
    expect(again.journal.record(write('ended', endedAt))).toBe(false);
  });

  it('keeps the moment of a flush that is not due yet', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    const flushMs = NOW_MS + 3_600_000;
    opened.journal.record(write('a', NOW + YEAR));
    opened.journal.record({
      kind: 'flush-later',
      version: { time: NOW + YEAR + 1, node: 1 },
      atMs: flushMs,
    });
    const { journal } = await rebased(opened, dataDir);
    expect(journal.announcedFlush?.atMs).toBe(flushMs);
    const record = journal.newest('a')!;
    expect(journal.isLive(record, flushMs - 1)).toBe(true);
    expect(journal.isLive(record, flushMs)).toBe(false);
  });

  it('is kept beside it, and is not moved twice', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    opened.journal.record(write('a', NOW + YEAR));
    await journals.close(opened);
    const plan = await planOf(dataDir);
    const { aside } = (await rebase(dataDir, OWNER, plan, NOW_MS)) as { aside: string };
    expect(existsSync(`${aside}/identity`)).toBe(true);
    expect(await rebase(dataDir, OWNER, plan, NOW_MS)).toEqual({ outcome: 'already' });
    await expect(surveyTimes(dataDir, OWNER, plan)).rejects.toThrow('written anew by this plan');
    expect(readdirSync(dataDir).filter((name) => name.includes('rebasing'))).toEqual([]);
  });

  it('is completed by the next rebase when one was stopped between its two renames', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    opened.journal.record(write('a', NOW + YEAR));
    await journals.close(opened);
    const plan = await planOf(dataDir);
    await rebase(dataDir, OWNER, plan, NOW_MS);
    const directory = directoryOf(dataDir, 0);
    renameSync(directory, `${directory}.rebasing`);
    expect(await rebase(dataDir, OWNER, plan, NOW_MS)).toEqual({ outcome: 'already' });
    expect((await journals.open(dataDir)).journal.keys).toBe(1);
  });
});

describe('a plan', () => {
  it('needs all controllers', async () => {
    const dataDir = journals.dataDir();
    await journals.close(await journals.open(dataDir));
    const plan = await planOf(dataDir);
    const { 2: _, ...controllers } = plan.controllers;
    await expect(rebase(dataDir, OWNER, { ...plan, controllers }, NOW_MS)).rejects.toThrow(
      'lacks controllers 2',
    );
  });

  it('does not fit a journal that was written to after the survey', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    opened.journal.record(write('a', NOW + YEAR));
    await journals.close(opened);
    const plan = await planOf(dataDir);
    const since = await journals.open(dataDir);
    since.journal.record(write('b', NOW + 2 * YEAR));
    await journals.close(since);
    await expect(rebase(dataDir, OWNER, plan, NOW_MS)).rejects.toThrow('it ran after the survey');
    expect((await journals.open(dataDir)).journal.keys).toBe(2);
  });

  it('waits for the controllers that were added, whichever survey has named them', () => {
    const begun = newPlan({ ...OWNER, peers: 'a:1,b:1,c:1' }, NOW_MS);
    expect(missingIn(withControllers(begun, null))).toEqual([0, 1, 2]);
    const named = withControllers(withControllers(begun, [1, 2, 3]), [1, 5]);
    expect(missingIn(named)).toEqual([1, 2, 3, 5]);
    const surveyed = { ...named, controllers: { 3: { spans: [], flushedMs: [] } } };
    expect(missingIn(surveyed)).toEqual([1, 2, 5]);
  });

  it('gives the same version the same new time on every controller', async () => {
    const begun = newPlan(OWNER, NOW_MS);
    const far = NOW + YEAR;
    const owners = [0, 1].map((controller) => ({ ...OWNER, controller }));
    const dataDirs = owners.map(() => journals.dataDir());
    const keys = [
      [write('shared', far), write('mine', far + DAY)],
      [write('shared', far), write('yours', far + 2 * DAY)],
    ];
    const surveyed: [number, Pick<Awaited<ReturnType<typeof surveyTimes>>, 'spans' | 'flushedMs'>][] = [];
    for (const [i, owner] of owners.entries()) {
      const opened = await journals.open(dataDirs[i]!, { owner });
      for (const effect of keys[i]!) opened.journal.record(effect);
      await journals.close(opened);
      surveyed.push([i, await surveyTimes(dataDirs[i]!, owner, begun)]);
    }
    const plan: ClockPlan = {
      ...begun,
      controllers: { ...Object.fromEntries(surveyed), 2: { spans: [], flushedMs: [] } },
    };
    const versions = [];
    for (const [i, owner] of owners.entries()) {
      await rebase(dataDirs[i]!, owner, plan, NOW_MS);
      const { journal } = await journals.open(dataDirs[i]!, { owner });
      versions.push(journal.newest('shared')!.version);
      const alone = journal.newest(i === 0 ? 'mine' : 'yours')!.version.time;
      expect(alone).toBeGreaterThan(versions[i]!.time);
    }
    expect(versions[0]).toEqual(versions[1]);
  });

  it('changes nothing if no time is ahead', async () => {
    const dataDir = journals.dataDir();
    const opened = await journals.open(dataDir);
    opened.journal.record(write('a', NOW - 1));
    await journals.close(opened);
    const before = readdirSync(dirname(directoryOf(dataDir, 0)));
    expect(await rebase(dataDir, OWNER, await planOf(dataDir), NOW_MS)).toEqual({ outcome: 'nothing' });
    expect(readdirSync(dirname(directoryOf(dataDir, 0)))).toEqual(before);
  });

  it('is not carried out on a controller that runs', async () => {
    const dataDir = journals.dataDir();
    await journals.open(dataDir);
    await expect(planOf(dataDir)).rejects.toMatchObject({ code: 'LOCKED' });
    rmSync(dataDir, { recursive: true });
  });
});
