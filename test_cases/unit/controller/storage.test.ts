import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
import type { GroupStorage } from '../../../src/controller/core-ports.ts';
import { groupsWithEntries } from '../../../src/controller/group-plan.ts';
import type { Settings } from '../../../src/controller/settings.ts';
import { openStorage, type Storage } from '../../../src/controller/storage.ts';
import { NO_VERSION } from '../../../src/ordering/version.ts';
import { setOf } from '../../support/effects.ts';

let directory: string;
let storage: Storage | null = null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-storage-'));
});
afterEach(async () => {
  await storage?.close();
  storage = null;
  rmSync(directory, { recursive: true });
});

const messages: string[] = [];
const note = (message: string) => void messages.push(message);
const logger = { error: note, warn: note, info: note, debug: note };

function settings(change: Partial<Settings> = {}): Settings {
  const configuration = resolveConfiguration([]);
  return { ...settingsOf(configuration, 0, { host: null, port: null }, directory), ...change };
}

/** Closes the storage, and opens it again as the next run does. */
async function nextRun(change: Partial<Settings> = {}): Promise<GroupStorage> {
  await storage?.close();
  storage = null;
  storage = await openStorage(settings(change), logger, () => {});
  const [first] = groupsWithEntries(settings(change));
  return { ...storage.storageOf(first!.number), viewLog: storage.viewLog };
}

const version = { time: 5, node: 0 };
const write = setOf('k', version, { value: Buffer.from('v') });
const view = {
  promised: { counter: 2, node: 1 },
  accepted: { counter: 1, node: 0 },
  members: [],
  placement: null,
  installed: null,
  configuration: null,
  installedConfiguration: null,
  sync: false,
  journal: null,
};
const asideOf = () => readdirSync(settings().dataDir).filter((name) => name.includes('.damaged-'));

describe('what a run leaves to the next', () => {
  it('is its journal with the watermarks, and its view record', async () => {
    const { journal, viewLog } = await nextRun();
    journal.recordWatermarks({ applied: version, known: [5, 4, 4] });
    journal.record(write);
    await new Promise<void>((resolve) => viewLog.save(view, resolve));
    const next = await nextRun();
    expect(next.recovered).toMatchObject({
      watermarks: { applied: version, known: [5, 4, 4] },
      newestTime: 5,
    });
    expect(next.journal.newest('k')?.version).toEqual(version);
    expect(next.viewLog.load()).toEqual(view);
    expect(asideOf()).toEqual([]);
  });

  it('is no journal whose state is partial: that is set aside, but not the view record', async () => {
    const { journal, viewLog } = await nextRun();
    journal.recordWatermarks({ applied: NO_VERSION, known: [5, 4, 4] });
    journal.record(write);
    await new Promise<void>((resolve) => viewLog.save(view, resolve));
    const next = await nextRun();
    expect(next.recovered).toMatchObject({ watermarks: { applied: NO_VERSION }, newestTime: 0 });
    expect(next.journal.records).toBe(0);
    expect(next.viewLog.load()).toEqual(view);
    expect(asideOf()).toHaveLength(1);
  });

  it('regression: versions at the end of version time made every start crash, or stop the cluster', async () => {
    const { journal } = await nextRun({ level: 'eventual' });
    journal.record({ ...write, version: { time: Number.MAX_SAFE_INTEGER - 1, node: 1 } });
    await expect(nextRun({ level: 'eventual' })).rejects.toThrow(
      /versions of the end of version time, .*rebase-clock/,
    );
    await expect(nextRun({ level: 'eventual' })).rejects.toMatchObject({ code: 'NO_TIME_LEFT' });
  });

  it('is every undamaged journal at the eventual level', async () => {
    const { journal } = await nextRun({ level: 'eventual' });
    journal.recordWatermarks({ applied: NO_VERSION, known: [5, 4, 4] });
    journal.record(write);
    const next = await nextRun({ level: 'eventual' });
    expect(next.journal.records).toBe(1);
    expect(next.recovered.watermarks.known).toEqual([5, 4, 4]);
    const { dataDir } = settings();
    await nextRun({ level: 'eventual', dataDir });
    await expect(nextRun({ dataDir })).rejects.toThrow(
      /has keys of level eventual, which no keyspace has now, such as "/,
    );
  });

  it('is what was agreed while the cluster ran, whatever level is configured now', async () => {
    const eventual = { name: 'default', prefix: '', level: 'eventual' } as const;
    const ordered = { ...eventual, level: 'sequential' } as const;
    const placement = { epoch: 4, keyspaces: [ordered], move: null, broadcastApart: true } as const;
    const { viewLog } = await nextRun({ level: 'eventual' });
    await new Promise<void>((resolve) => viewLog.save({ ...view, placement, installed: placement }, resolve));
    for (const level of ['eventual', 'sequential', 'causal'] as const) {
      await nextRun({ level });
      expect(storage!.viewLog.load()?.placement).toEqual(placement);
      expect(storage!.planned.map(({ number }) => number)).toContain(4);
      expect(storage!.planned.map(({ number }) => number)).not.toContain(0);
    }
  });

  it('is nothing with durability none', async () => {
    (await nextRun({ durability: 'none' })).journal.record(write);
    expect((await nextRun({ durability: 'none' })).journal.records).toBe(0);
  });
});
