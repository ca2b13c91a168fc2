import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runBackup, runRestore } from '../../../src/cli/data/backup-command.ts';
import { rebaseClock, surveyClock } from '../../../src/cli/data/rebase-command.ts';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
import type { Settings } from '../../../src/controller/settings.ts';
import { openStorage } from '../../../src/controller/storage.ts';
import { versionTimeOfMs } from '../../../src/ordering/version.ts';
import { setOf } from '../../support/effects.ts';

/** The commands for the files of stopped controllers take all groups of a controller. */

let directory: string;
let settings: Settings;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-keyspace-data-'));
  const configuration = resolveConfiguration([
    new Map([
      ['peers', { text: '127.0.0.1:8000', origin: 'the test' }],
      ['keyspaces', { text: 'views=e::eventual sessions=c::causal', origin: 'the test' }],
    ]),
  ]);
  const found = settingsOf(configuration, 0, { host: null, port: null }, directory);
  settings = { ...found, dataDir: join(directory, 'data') };
});
afterEach(() => rmSync(directory, { recursive: true }));

const ignore = (): void => {};
const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const KEYS = ['k', 'e:k', 'c:k'];

async function write(time: number): Promise<void> {
  const storage = await openStorage(settings, logger, ignore);
  for (const [group, key] of KEYS.entries()) {
    const { journal } = storage.storageOf(group);
    const version = { time: time + group, node: 0 };
    if (group === 0) journal.recordWatermarks({ applied: version, known: [version.time] });
    journal.record(setOf(key, version, { value: Buffer.from('v') }));
  }
  await storage.close();
}

async function versionTimes(): Promise<(number | undefined)[]> {
  const storage = await openStorage(settings, logger, ignore);
  const times = KEYS.map((key, group) => storage.storageOf(group).journal.newest(key)?.version.time);
  await storage.close();
  return times;
}

it('a backup has the journals of all groups, and is restored to the same places', async () => {
  await write(5);
  const target = join(directory, 'backup');
  await runBackup([settings], target);
  const places = ['controller-0', 'eventual/controller-0', 'causal/controller-0'];
  expect(places.every((place) => existsSync(join(target, place)))).toBe(true);
  rmSync(settings.dataDir, { recursive: true });
  await runRestore([settings], target);
  expect(places.every((place) => existsSync(join(settings.dataDir, place)))).toBe(true);
  expect(await versionTimes()).toEqual([5, 6, 7]);
});

it('a backup that lacks a group is not restored', async () => {
  await write(5);
  const target = join(directory, 'backup');
  await runBackup([settings], target);
  rmSync(settings.dataDir, { recursive: true });
  rmSync(join(target, 'causal'), { recursive: true });
  await expect(runRestore([settings], target)).rejects.toThrow('it has no controller-0 of level causal');
});

it('version times that are ahead are moved in all groups, in the same order', async () => {
  const ahead = versionTimeOfMs(Date.now() + 3_600_000);
  await write(ahead);
  const plan = join(directory, 'plan');
  await surveyClock(settings, plan);
  await rebaseClock(settings, plan);
  const times = await versionTimes();
  expect(times.every((time) => time! <= versionTimeOfMs(Date.now()))).toBe(true);
  expect(times).toEqual(times.toSorted((a, b) => a! - b!));
  expect(new Set(times).size).toBe(3);
});
