import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runBackup, runRestore } from '../../../src/cli/data/backup-command.ts';
import { rebaseClock, surveyClock } from '../../../src/cli/data/rebase-command.ts';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
import { MACHINE_CLOCK } from '../../../src/controller/machine-clock.ts';
import { ownerOf, type Settings } from '../../../src/controller/settings.ts';
import { openStorage } from '../../../src/controller/storage.ts';
import type { JournalKind } from '../../../src/journal/data-directory.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
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

/** The settings of a cluster that was configured in another way. */
function configuredAs(level: string): Settings {
  const configuration = resolveConfiguration([
    new Map([
      ['peers', { text: '127.0.0.1:8000', origin: 'the test' }],
      ['consistency', { text: level, origin: 'the test' }],
    ]),
  ]);
  const found = settingsOf(configuration, 0, { host: null, port: null }, directory);
  return { ...found, dataDir: settings.dataDir };
}

/** Writes a journal that no keyspace needs as it is configured: one was moved there while the cluster ran. */
async function writeMoved(kind: JournalKind, key: string): Promise<void> {
  const dataDir = join(settings.dataDir, kind);
  mkdirSync(dataDir, { recursive: true });
  const log = await openJournal({
    dataDir,
    owner: ownerOf(settings, kind),
    clock: MACHINE_CLOCK,
    log: logger,
  });
  const version = { time: 9, node: 0 };
  log.journal.recordWatermarks({ applied: version, known: [version.time] });
  log.journal.record(setOf(key, version, { value: Buffer.from('v') }));
  await log.journal.close();
  log.release();
}

async function printedBy(act: () => Promise<unknown>): Promise<string> {
  const output = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await act();
    return output.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    output.mockRestore();
  }
}

it('a backup has the journal of a keyspace that got another kind of level while the cluster ran', async () => {
  settings = configuredAs('eventual');
  await (await openStorage(settings, logger, ignore)).close();
  await writeMoved('causal', 'moved');
  const target = join(directory, 'backup');
  const printed = await printedBy(() => runBackup([settings], target));
  expect(printed).toContain('causal/controller-0: 1 record');
  expect(printed).toContain('keyspaces have got other levels while the cluster ran');
  rmSync(settings.dataDir, { recursive: true });
  await runRestore([settings], target);
  // As it is configured, no keyspace has these keys: the start says so, and what to do.
  await expect(openStorage(settings, logger, ignore)).rejects.toThrow(
    'has keys of level causal, which no keyspace has now, such as "moved"',
  );
  settings = configuredAs('causal');
  const storage = await openStorage(settings, logger, ignore);
  expect(storage.storageOf(2).journal.newest('moved')?.version.time).toBe(9);
  await storage.close();
});

it('what was broadcast beside an empty root group is restored to the root group, once that is configured', async () => {
  settings = configuredAs('eventual');
  await (await openStorage(settings, logger, ignore)).close();
  await writeMoved('broadcast', 'moved');
  const target = join(directory, 'backup');
  await runBackup([settings], target);
  rmSync(settings.dataDir, { recursive: true });
  settings = configuredAs('linearizability');
  await runRestore([settings], target);
  const storage = await openStorage(settings, logger, ignore);
  expect(storage.storageOf(0).journal.newest('moved')?.version.time).toBe(9);
  await storage.close();
});
