import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
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

/** What one life leaves is what the next finds. */
async function nextLife(change: Partial<Settings> = {}): Promise<Storage> {
  await storage?.close();
  storage = null;
  storage = await openStorage(settings(change), logger, () => {});
  return storage;
}

const version = { time: 5, node: 0 };
const write = setOf('k', version, { value: Buffer.from('v') });
const view = {
  promised: { counter: 2, node: 1 },
  accepted: { counter: 1, node: 0 },
  members: [],
  sync: false,
};
const asideOf = () => readdirSync(settings().dataDir).filter((name) => name.includes('.damaged-'));

describe('what outlives a controller', () => {
  it('is its journal, with how far it is, and its part in views', async () => {
    const { journal, viewLog } = await nextLife();
    journal.mark({ applied: version, known: [5, 4, 4] });
    journal.record(write);
    await new Promise<void>((resolve) => viewLog.save(view, resolve));
    const next = await nextLife();
    expect(next.recovered).toMatchObject({ marks: { applied: version, known: [5, 4, 4] }, newestTime: 5 });
    expect(next.journal.newest('k')?.version).toEqual(version);
    expect(next.viewLog.load()).toEqual(view);
    expect(asideOf()).toEqual([]);
  });

  it('is no journal that ends while a state was being taken over: it is set aside, the part in views is not', async () => {
    const { journal, viewLog } = await nextLife();
    journal.mark({ applied: NO_VERSION, known: [5, 4, 4] });
    journal.record(write);
    await new Promise<void>((resolve) => viewLog.save(view, resolve));
    const next = await nextLife();
    expect(next.recovered).toMatchObject({ marks: { applied: NO_VERSION }, newestTime: 0 });
    expect(next.journal.records).toBe(0);
    expect(next.viewLog.load()).toEqual(view);
    expect(asideOf()).toHaveLength(1);
  });

  it('regression: versions of the end of time made a controller crash, or stop its cluster, at every start', async () => {
    const { journal } = await nextLife({ level: 'eventual' });
    journal.record({ ...write, version: { time: Number.MAX_SAFE_INTEGER - 1, node: 1 } });
    await expect(nextLife({ level: 'eventual' })).rejects.toThrow(
      /versions of the end of version time, .*rebase-clock/,
    );
    await expect(nextLife({ level: 'eventual' })).rejects.toMatchObject({ code: 'NO_TIME_LEFT' });
  });

  it('at the eventual level is every journal that is whole', async () => {
    const { journal } = await nextLife({ level: 'eventual' });
    journal.mark({ applied: NO_VERSION, known: [5, 4, 4] });
    journal.record(write);
    const next = await nextLife({ level: 'eventual' });
    expect(next.journal.records).toBe(1);
    expect(next.recovered.marks.known).toEqual([5, 4, 4]);
    const { dataDir } = settings();
    await nextLife({ level: 'eventual', dataDir });
    await expect(nextLife({ dataDir })).rejects.toThrow(
      /belongs to consistency eventual, not linearizability or sequential/,
    );
  });

  it('is nothing with durability none', async () => {
    (await nextLife({ durability: 'none' })).journal.record(write);
    expect((await nextLife({ durability: 'none' })).journal.records).toBe(0);
  });
});
