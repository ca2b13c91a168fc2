import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN_FILE } from '../../src/cli/locations.ts';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import { type DirectoryIdentity, directoryOf } from '../../src/journal/data-directory.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { versionTimeOfMs } from '../../src/ordering/version.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { kept } from '../support/disk-journals.ts';
import { deleteOf, setOf } from '../support/effects.ts';
import { eventually } from '../support/eventually.ts';
import { NO_LOG } from '../support/ports.ts';

const ALL = [0, 1, 2];
const YEAR_MS = 365 * 86_400_000;

const FAR_KEYS = ['gone', 'written-over', 'far-alone'];

/** With this time for the first of `FAR_KEYS`, the last one has the largest time that a version can have. */
const END = Number.MAX_SAFE_INTEGER - FAR_KEYS.length + 1;

/**
 * Writes to the disk of a controller what an old release left there after it took over a time from far ahead.
 */
async function moveAhead(cluster: Cluster, id: number, farTime: number): Promise<void> {
  const directory = directoryOf(cluster.dataDir, id);
  const owner = JSON.parse(
    readFileSync(join(directory, 'identity'), 'utf8').split('\n')[0]!,
  ) as DirectoryIdentity;
  const opened = await openJournal({
    dataDir: cluster.dataDir,
    owner,
    clock: MACHINE_CLOCK,
    log: NO_LOG,
  });
  const { journal, recovered } = opened;
  expect(opened.setAside).toBeNull();
  for (const [i, key] of FAR_KEYS.entries()) {
    const version = { time: farTime + i, node: 0 };
    const value = Buffer.from(`far ${key}`);
    journal.record(key.startsWith('gone') ? deleteOf(key, version) : setOf(key, version, { value }));
  }
  const last = { time: farTime + FAR_KEYS.length - 1, node: 0 };
  const { known } = recovered.watermarks;
  journal.recordWatermarks({
    applied: last,
    known: known.length === 0 ? [] : [last.time, ...known.slice(1)],
  });
  expect(await kept(journal)).toBeNull();
  await journal.close();
  opened.release();
}

async function stopAll(cluster: Cluster): Promise<void> {
  for (const id of ALL) expect(await cluster.controllers[id]!.stop()).toBe(0);
}

/**
 * Runs a command of `main.ts` for one controller of the cluster.
 * @returns its standard output
 */
function runTool(cluster: Cluster, level: string, words: readonly string[], id: number): string {
  const own = ['-c', cluster.configFile, '-p', `${cluster.ports[id]}`, '-cons', level];
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN_FILE, ...words, ...own], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/**
 * Expects that no controller starts, as no version is left, and that each one names the command that helps.
 */
async function expectNoStart(cluster: Cluster): Promise<void> {
  for (const id of ALL) {
    const controller = cluster.controllers[id]!;
    await eventually(async () => expect(controller.isRunning).toBe(false));
    expect(controller.tail()).toContain('rebase-clock');
  }
}

/** Expects that controller 2, which came back without its data, refuses the versions of the others. */
async function expectRefusals(cluster: Cluster): Promise<void> {
  await eventually(async () => {
    const { peers } = await cluster.status(2);
    expect(peers.some(({ role }) => role.startsWith('refused'))).toBe(true);
  });
}

function loseData(cluster: Cluster, id: number): void {
  const names = readdirSync(cluster.dataDir).filter((name) => name.startsWith(`controller-${id}`));
  for (const name of names) rmSync(join(cluster.dataDir, name), { recursive: true });
}

const SCENES = [
  { level: 'sequential', name: 'to the end of time', far: () => END, isLost: false },
  { level: 'eventual', name: 'to the end of time', far: () => END, isLost: false },
  { level: 'linearizability', name: 'by a year', far: () => yearAhead(), isLost: true },
  { level: 'eventual', name: 'by a year', far: () => yearAhead(), isLost: true },
] as const;

function yearAhead(): number {
  return versionTimeOfMs(Date.now() + YEAR_MS);
}

/** Starts a cluster with good entries, stops it, moves its versions ahead, and starts it again. */
async function startMovedAhead(scene: (typeof SCENES)[number]): Promise<Cluster> {
  const cluster = await startCluster({ level: scene.level, settings: { durability: 'sync' } });
  const client = await cluster.client(0);
  for (const key of ['kept', 'gone', 'written-over'])
    expect(await client.set(key, `good ${key}`)).toBe('STORED');
  for (const id of ALL) await eventually(async () => expect((await cluster.status(id)).keys).toBe(3));
  await stopAll(cluster);
  const farTime = scene.far();
  for (const id of ALL) await moveAhead(cluster, id, farTime);
  if (scene.isLost) loseData(cluster, 2);
  cluster.startAll();
  return cluster;
}

/**
 * Expects the entries from before and after the move at every controller, and that new writes replace all of
 * them.
 */
async function expectWhole(cluster: Cluster): Promise<void> {
  for (const id of ALL) {
    const reader = await cluster.client(id);
    expect(await reader.get('kept')).toBe('good kept');
    expect(await reader.get('gone')).toBeNull();
    for (const key of ['written-over', 'far-alone']) expect(await reader.get(key)).toBe(`far ${key}`);
  }
  const writer = await cluster.client(1);
  const keys = ['kept', 'gone', 'written-over', 'far-alone'];
  for (const key of keys) expect(await writer.set(key, 'new')).toBe('STORED');
  for (const id of ALL) {
    const reader = await cluster.client(id);
    for (const key of keys) await eventually(async () => expect(await reader.get(key)).toBe('new'));
  }
}

describe('a cluster whose versions were moved far ahead', () => {
  it.each(SCENES)(
    'is stuck at $level, $name; after rebase-clock it goes on with all its entries',
    async (scene) => {
      await using cluster = await startMovedAhead(scene);
      if (scene.isLost) {
        await expectRefusals(cluster);
        for (const id of ALL) await cluster.kill(id);
        loseData(cluster, 2);
      } else await expectNoStart(cluster);
      const plan = join(cluster.dataDir, 'plan.json');
      const tool = (command: string, id: number) => runTool(cluster, scene.level, [command, plan], id);
      const said = ALL.map((id) => tool('survey-clock', id));
      expect(said[0]).toMatch(
        /controller 0: \d records, the newest version of 20\d\d-.*, \d+ s ahead of now; noted in /,
      );
      expect(said[0]).toMatch(/still to be surveyed: controllers 1, 2/);
      expect(said[2]).toMatch(/all controllers are surveyed: run rebase-clock/);
      for (const id of ALL)
        expect(tool('rebase-clock', id)).toMatch(/are written anew|nothing has to be moved/);
      cluster.startAll();
      await cluster.ready();
      await expectWhole(cluster);
      for (const id of ALL) await cluster.restart(id);
      expect(await (await cluster.client(0)).get('kept')).toBe('new');
    },
  );
});
