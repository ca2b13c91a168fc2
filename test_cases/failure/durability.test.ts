import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { mayMount, SmallDisk } from '../support/small-disk.ts';

const WRITERS_PER_CONTROLLER = 4;
const WRITES_MIN = 600;
const PIPELINE = 16;
const KEYS_PER_GET = 200;

/** Longer than the time by which `async` may lag behind, even on a busy disk. */
const QUIET_MS = 1_000;

/**
 * Writes new keys at every controller until the controllers are killed, and records which writes were
 * acknowledged.
 */
class Writers {
  readonly acknowledged = new Map<string, string>();
  readonly #tasks: Promise<void>[] = [];
  #stopping = false;

  constructor(cluster: Cluster) {
    cluster.controllers.forEach((_, id) => {
      for (let at = 0; at < WRITERS_PER_CONTROLLER; at++) this.#tasks.push(this.#write(cluster, id, at));
    });
  }

  /** Waits until the requests under way have been answered, or have failed with their connection. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
  }

  async #write(cluster: Cluster, id: number, at: number): Promise<void> {
    const client = await cluster.client(id);
    for (let count = 0; !this.#stopping; count += PIPELINE) {
      const sent = Array.from({ length: PIPELINE }, async (_, next) => {
        const key = `${id}-${at}-${count + next}`;
        const value = `value of ${key}`;
        if ((await client.set(key, value)) === 'STORED') this.acknowledged.set(key, value);
      });
      const ends = await Promise.allSettled(sent);
      if (ends.some(({ status }) => status === 'rejected')) return;
    }
  }
}

async function killAll(cluster: Cluster): Promise<void> {
  await Promise.all(cluster.controllers.map((_, id) => cluster.kill(id)));
  await Promise.all(cluster.controllers.map((_, id) => cluster.memcached(id).kill()));
}

async function startAgain(cluster: Cluster): Promise<void> {
  await Promise.all(cluster.controllers.map((_, id) => cluster.memcached(id).start()));
  cluster.startAll();
  await cluster.ready();
}

/** @returns for each controller, how many of the entries it serves with the expected value */
async function found(cluster: Cluster, entries: ReadonlyMap<string, string>): Promise<number[]> {
  const counts = cluster.controllers.map(async (_, id) => {
    const client = await cluster.client(id);
    const keys = [...entries.keys()];
    let count = 0;
    for (let at = 0; at < keys.length; at += KEYS_PER_GET) {
      const values = await client.findAll(keys.slice(at, at + KEYS_PER_GET));
      for (const [key, { value }] of values) if (value.toString() === entries.get(key)) count++;
    }
    return count;
  });
  return Promise.all(counts);
}

const everywhere = (entries: ReadonlyMap<string, string>) => [0, 1, 2].map(() => entries.size);

/** At `eventual`, a write that one controller acknowledged reaches the others a little later. */
async function expectAll(cluster: Cluster, entries: ReadonlyMap<string, string>): Promise<void> {
  await eventually(async () => expect(await found(cluster, entries)).toEqual(everywhere(entries)));
}

describeWithMemcached('after a kill of every controller and every memcached under load', () => {
  describe.each(['linearizability', 'sequential', 'eventual'])('%s', (level) => {
    it('sync: every acknowledged write is there again', async () => {
      await using cluster = await startCluster({ level, settings: { durability: 'sync' } });
      const writers = new Writers(cluster);
      await eventually(() => writers.acknowledged.size >= WRITES_MIN);
      await killAll(cluster);
      await writers.stop();
      await startAgain(cluster);
      await expectAll(cluster, writers.acknowledged);
    });

    it('async: every write that was acknowledged a second before the kill is there again', async () => {
      await using cluster = await startCluster({ level, settings: { durability: 'async' } });
      const writers = new Writers(cluster);
      await eventually(() => writers.acknowledged.size >= WRITES_MIN);
      const before = new Map(writers.acknowledged);
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      await killAll(cluster);
      await writers.stop();
      await startAgain(cluster);
      await expectAll(cluster, before);
      const [first, ...others] = await found(cluster, writers.acknowledged);
      expect(others).toEqual([first, first]);
    });
  });
});

const PROJECT = resolve(import.meta.dirname, '../..');

/** @returns the standard output of `main.ts`; rejects with its error output when it fails */
async function runMain(cluster: Cluster, id: number, ...words: readonly string[]): Promise<string> {
  const port = `${cluster.ports[id]}`;
  const { stdout } = await promisify(execFile)(
    resolve(PROJECT, 'node_modules/.bin/node'),
    ['main.ts', ...words, '-c', cluster.configFile, '-p', port],
    { cwd: PROJECT },
  );
  return stdout;
}

describeWithMemcached('a backup', () => {
  it('of a running controller restores a cluster that has lost all its data', async () => {
    await using cluster = await startCluster({ level: 'sequential' });
    const writers = new Writers(cluster);
    await eventually(() => writers.acknowledged.size >= WRITES_MIN);
    const before = new Map(writers.acknowledged);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const backup = join(cluster.dataDir, '..', 'backup');
    expect(await runMain(cluster, 1, 'backup', backup)).toMatch(
      /^controller 1 is backed up to .*: \d+ records/,
    );
    await expect(runMain(cluster, 1, 'backup', backup)).rejects.toThrow(/is not empty: name another/);
    await expect(runMain(cluster, 0, 'restore', backup)).rejects.toThrow(/is running \(pid \d+\)/);
    await killAll(cluster);
    await writers.stop();
    rmSync(cluster.dataDir, { recursive: true });
    await expect(runMain(cluster, 0, 'restore', backup)).rejects.toThrow(/belongs to controller 1, not 0/);
    expect(await runMain(cluster, 1, 'restore', backup)).toMatch(
      /^controller 1 is restored from .*: \d+ records/,
    );
    await startAgain(cluster);
    await expectAll(cluster, before);
    const [first, ...others] = await found(cluster, writers.acknowledged);
    expect(others).toEqual([first, first]);
  });
});

describeWithMemcached('a full disk of one controller', () => {
  /** Starts a cluster in which only controller 0 has its data on a disk that the test can fill up. */
  const start = (level: string, disk: SmallDisk) =>
    startCluster({
      level,
      settings: { durability: 'sync' },
      flags: { 0: ['--data-dir', `${disk.path}/data`] },
    });

  it.skipIf(!mayMount).each(['linearizability', 'sequential', 'eventual'])(
    '%s, sync: makes that controller refuse writes with the reason, until there is space; the others go on',
    async (level) => {
      using disk = new SmallDisk('8m');
      await using cluster = await start(level, disk);
      const clients = await cluster.clients();
      const acknowledged = new Map<string, string>();
      const write = async (id: number, key: string): Promise<string> => {
        const answer = await clients[id]!.set(key, `value of ${key}`);
        if (answer === 'STORED') acknowledged.set(key, `value of ${key}`);
        return answer;
      };
      expect(await write(0, 'before')).toBe('STORED');
      await eventually(async () => expect(await found(cluster, acknowledged)).toEqual([1, 1, 1]));
      disk.fill();
      let count = 0;
      const refusal = /^SERVER_ERROR the journal takes no writes: ENOSPC/;
      await eventually(async () => expect(await write(0, `meanwhile-${count++}`)).toMatch(refusal));
      for (const id of [1, 2])
        await eventually(async () => expect(await write(id, `of-${id}-${count++}`)).toBe('STORED'));
      expect(await write(0, 'refused')).toMatch(refusal);
      if (level === 'linearizability')
        await expect(clients[0]!.get('before')).rejects.toThrow(
          /this controller is outside of the view: the journal takes no writes: ENOSPC/,
        );
      else expect(await clients[0]!.get('before')).toBe('value of before');
      if (level !== 'eventual') {
        const { view, peers } = await cluster.status(1);
        expect(view.members).toEqual([1, 2]);
        // A first proposal can fail while the disk fills up. The next one then names the lost view as its reason.
        expect(view.reason).toMatch(/ takes no writes: ENOSPC|no view held/);
        expect(peers[0]!.role).toMatch(/^takes no writes: ENOSPC/);
      }
      disk.free();
      await cluster.ready();
      await eventually(async () => expect(await write(0, 'after')).toBe('STORED'));
      await expectAll(cluster, acknowledged);
      await killAll(cluster);
      await startAgain(cluster);
      expect(acknowledged.size).toBeGreaterThanOrEqual(4);
      await expectAll(cluster, acknowledged);
    },
  );
});
