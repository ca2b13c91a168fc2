import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Status } from '../../src/controller/status/status.ts';
import { eventually } from '../support/eventually.ts';
import { type Outcome, outcomeOf, StartedCluster } from '../support/started-cluster.ts';
import { TextClient } from '../support/text-client.ts';

const KEYS = ['a', 'b', 'c'];

/** Writes the keys, and waits until all controllers have them on disk: only these are in a backup. */
async function fill(cluster: StartedCluster): Promise<void> {
  for (const [id, key] of KEYS.entries())
    expect(await cluster.ask(id, 'set', key, `value of ${key}`)).toMatchObject({ code: 0 });
  await eventually(async () => {
    for (const key of KEYS) expect((await cluster.ask(0, 'get', key)).stdout).toContain(`value of ${key}`);
  });
  await onDisk(cluster, KEYS.length);
}

/** Waits until the journal of every controller has so many records, and has written all of them to disk. */
async function onDisk(cluster: StartedCluster, records: number): Promise<void> {
  for (const id of cluster.ports.keys()) {
    await eventually(async () => {
      const [json] = (await cluster.ask(id, 'show', 'json')).stdout.split('\n');
      const { journal } = JSON.parse(json!) as Status;
      expect(journal).toMatchObject({ entries: records, backlogBytes: 0 });
    });
  }
}

async function expectAll(cluster: StartedCluster): Promise<void> {
  for (const [id] of KEYS.entries()) {
    for (const key of KEYS) expect((await cluster.ask(id, 'get', key)).stdout).toContain(`value of ${key}`);
  }
}

const flags = ['-kv', 'custom'];

describe.each(['linearizability', 'eventual'])('a backup of a whole cluster at %s', (level) => {
  it('is made by one command while the cluster runs, and restores it, at other addresses too', async () => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start('-cons', level, ...flags)).toMatchObject({ code: 0 });
    await fill(cluster);
    const backup = join(cluster.directory, 'a backup');
    const made = await cluster.main('backup', backup);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout.trim().split('\n')).toEqual(
      [0, 1, 2].map((id) =>
        expect.stringMatching(`^controller ${id} is backed up to .*controller-${id}: \\d+ records`),
      ),
    );
    expect(await cluster.main('backup', backup)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not empty/),
    });

    const running = await cluster.main('restore', backup);
    expect(running).toMatchObject({ code: 1, stdout: '' });
    expect(running.stderr).toContain(
      `controller 0 is running (pid ${cluster.pidOf('controller-0')}): stop it`,
    );

    await using other = await StartedCluster.create();
    const peers = other.ports.map((port) => `127.0.0.1:${port}`).join(',');
    const restored = await other.main('restore', backup, '--peers', peers, '-cons', level);
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toContain(`; it was at 127.0.0.1:${cluster.ports[0]},`);
    expect(await other.start('-cons', level, ...flags)).toMatchObject({ code: 0, stderr: '' });
    await expectAll(other);
    expect(await other.ask(1, 'set', 'a', 'new')).toMatchObject({ code: 0 });

    expect(await cluster.stop()).toMatchObject({ code: 0 });
    const full = await cluster.main('restore', backup);
    expect(full).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not empty|belongs to another run/),
    });
  });
});

describe('a backup', () => {
  it('restores one controller, and a restore that fails or is interrupted leaves no data', async () => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start(...flags)).toMatchObject({ code: 0 });
    await fill(cluster);
    const one = join(cluster.directory, 'one');
    expect(await cluster.main('backup', one, '-p', `${cluster.ports[1]}`)).toMatchObject({ code: 0 });
    expect(await cluster.stop()).toMatchObject({ code: 0 });

    await using other = await StartedCluster.create();
    const peers = other.ports.map((port) => `127.0.0.1:${port}`).join(',');
    const restore = (id: number, from: string) =>
      other.main('restore', from, '--peers', peers, '--id', `${id}`);
    const left = () =>
      (existsSync(other.runDirectory) ? readdirSync(other.runDirectory, { recursive: true }) : []).filter(
        (name) => `${name}`.includes('controller'),
      );
    expect(await restore(0, one)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/controller 1, not 0/),
    });
    expect(await restore(1, join(other.directory, 'nowhere'))).toMatchObject({ code: 1 });
    const torn = join(other.directory, 'torn');
    cpSync(one, torn, { recursive: true });
    truncateSync(join(torn, readdirSync(torn).find((name) => name.startsWith('log-'))!), 10);
    expect(await restore(1, torn)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no whole backup/),
    });
    expect(left()).toEqual([]);

    const child = other.spawn(
      `${other.project}/node_modules/.bin/node`,
      `${other.project}/main.ts`,
      'restore',
      one,
      '--peers',
      peers,
      '--id',
      '1',
    );
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await restore(1, one)).toMatchObject({ code: 0, stderr: '' });
  });
});

/** So much data that a copy takes a while. */
const LARGE = { keys: 40, bytes: 1_000_000 };

const TRIES_MAX = 20;

/**
 * Interrupts a backup once a file of this name is in it. On a busy machine the backup may be complete before;
 * it is then removed and made again.
 */
async function interruptBackup(cluster: StartedCluster, target: string, file: string): Promise<Outcome> {
  const node = join(cluster.project, 'node_modules/.bin/node');
  const isThere = () =>
    existsSync(target) && readdirSync(target, { recursive: true }).some((name) => `${name}`.startsWith(file));
  for (let tried = 1; ; tried++) {
    const child = cluster.spawn(node, join(cluster.project, 'main.ts'), 'backup', target);
    const ended = outcomeOf(child);
    while (!isThere() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGINT');
    const outcome = await ended;
    if (outcome.code !== 0 || tried === TRIES_MAX) return outcome;
    rmSync(target, { recursive: true });
  }
}

it('an interrupted backup of a whole cluster leaves nothing, and the next one is complete', async () => {
  await using cluster = await StartedCluster.create();
  expect(await cluster.start(...flags)).toMatchObject({ code: 0 });
  using client = await TextClient.connect(cluster.ports[0]!);
  const value = 'x'.repeat(LARGE.bytes);
  for (let key = 0; key < LARGE.keys; key++)
    expect(await client.ask(`set ${key} 0 0 ${LARGE.bytes}\r\n${value}\r\n`)).toBe('STORED');
  await onDisk(cluster, LARGE.keys);
  const target = join(cluster.directory, 'a backup');
  for (const file of ['controller-0', 'controller-2/log-']) {
    const interrupted = await interruptBackup(cluster, target, file);
    expect(interrupted).toMatchObject({ code: 1, stdout: '' });
    expect(interrupted.stderr).toContain('backing up was interrupted');
    expect(existsSync(target)).toBe(false);
    const again = await cluster.main('backup', target);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout.match(/: 40 records$/gm)).toHaveLength(3);
    rmSync(target, { recursive: true });
  }
});
