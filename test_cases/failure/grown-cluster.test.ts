import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { birthOf } from '../../src/cli/cluster/processes.ts';
import type { MembersStatus } from '../../src/controller/status/status.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { votersIn } from '../support/newcomer.ts';
import { StartedCluster } from '../support/started-cluster.ts';

/** A level, or several of them in keyspaces. */
const KEYSPACES: Readonly<Record<string, readonly string[]>> = {
  keyspaces: ['files=file::sequential/chain', 'feed=feed::causal'],
};

const levelFlags = (level: string) => [
  '-cons',
  KEYSPACES[level] === undefined ? level : 'sequential',
  ...(KEYSPACES[level] ?? []).flatMap((keyspace) => ['--keyspace', keyspace]),
];

const flagsAt = (level: string) => ['-kv', 'custom', ...levelFlags(level), '--durability', 'sync'];

const FLAGS = flagsAt('linearizability');

/** Starts a controller that `peers` does not list, as a user does, and adds it. */
async function grow(
  cluster: StartedCluster,
  port: number,
  asked: number,
  level = 'linearizability',
  further: readonly string[] = [],
): Promise<ReturnType<StartedCluster['spawn']>> {
  const peers = cluster.ports.map((one) => `127.0.0.1:${one}`).join(',');
  const words = ['-p', `${port}`, '--join', peers, '--peers', peers, ...flagsAt(level), ...further];
  const child = cluster.spawn(
    `${cluster.project}/node_modules/.bin/node`,
    `${cluster.project}/main.ts`,
    ...words,
  );
  const added = await cluster.main('member', 'add', `127.0.0.1:${port}`, '-p', `${asked}`, '--wait', '60');
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('these vote now') });
  return child;
}

async function remove(cluster: StartedCluster, id: number, asked: number): Promise<void> {
  const removed = await cluster.main('member', 'remove', `${id}`, '-p', `${asked}`, '--wait', '60');
  expect(removed).toMatchObject({ code: 0 });
}

async function membersAt(cluster: StartedCluster, port: number): Promise<MembersStatus> {
  return JSON.parse((await cluster.main('member', '--json', '-p', `${port}`)).stdout) as MembersStatus;
}

async function expectValue(cluster: StartedCluster, port: number, level = ''): Promise<void> {
  for (const key of keysAt(level)) {
    await eventually(async () => {
      expect((await cluster.main('-cli', '-p', `${port}`, 'get', key)).stdout).toContain('the value');
    });
  }
}

/** A key of each keyspace. */
const keysAt = (level: string) => (KEYSPACES[level] === undefined ? ['k'] : ['k', 'file:k', 'feed:k']);

const names = (cluster: StartedCluster) => cluster.members().map(({ name }) => name);

it('restart, stop and start know the controllers that were added, and start none that were removed', async () => {
  await using cluster = await StartedCluster.create();
  const [port0, port1, port2] = cluster.ports as [number, number, number];
  const [port3] = (await freePorts(1)) as [number];
  expect(await cluster.start(...FLAGS)).toMatchObject({ code: 0 });
  await grow(cluster, port3, port0);
  expect(await cluster.ask(0, 'set', 'k', 'the value')).toMatchObject({ code: 0 });
  await cluster.kill('controller-0');
  await remove(cluster, 0, port1);

  const restarted = await cluster.main('restart');
  expect(restarted).toMatchObject({ code: 0, stderr: '' });
  expect(restarted.stdout).toContain('1 controller started by hand: controller-3');
  expect(restarted.stdout.match(/^controller-\d/gm)).toEqual([
    'controller-1',
    'controller-2',
    'controller-3',
  ]);
  expect(names(cluster)).toEqual(['controller-1', 'controller-2', 'controller-3']);
  for (const port of [port1, port2, port3]) await expectValue(cluster, port);
  expect(votersIn(await membersAt(cluster, port3))).toEqual([1, 2, 3]);

  await cluster.kill('controller-3');
  const again = await cluster.main('start');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toContain('started again: controller-3 ...');
  expect(again.stdout).toContain('controller-0 votes no more, and need not run');

  expect(await cluster.stop()).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('stopped 3 controllers'),
  });
  const anew = await cluster.start(...FLAGS);
  expect(anew).toMatchObject({ code: 0, stderr: '' });
  expect(anew.stdout).toContain('starting 3 controllers');
  for (const port of [port1, port2, port3]) await expectValue(cluster, port);

  expect(await cluster.main('restart', '0')).toMatchObject({ code: 0, stderr: '' });
  const returned = await cluster.main('member', 'add', '0', '-p', `${port1}`, '--wait', '60');
  expect(returned).toMatchObject({ code: 0, stdout: expect.stringContaining('these vote now') });
  await remove(cluster, 3, port1);
  await eventually(async () =>
    expect((await membersAt(cluster, port1)).controllers.map(({ id }) => id)).toEqual([0, 1, 2]),
  );
  await cluster.kill('controller-3');
  const gone = await cluster.main('restart', '3');
  expect(gone).toMatchObject({ code: 2, stdout: '' });
  expect(gone.stderr).toContain('controller 3 was removed from the cluster, and is not started');
  expect((await cluster.main('restart')).stdout).not.toContain('controller-3');
  expect(names(cluster)).toEqual(['controller-0', 'controller-1', 'controller-2']);
});

/** A cluster of 1, 2 and 3, at these ports, which began as 0, 1 and 2. */
async function moved(cluster: StartedCluster, level: string): Promise<number[]> {
  const [port0, port1, port2] = cluster.ports as [number, number, number];
  const [port3] = (await freePorts(1)) as [number];
  expect(await cluster.start(...flagsAt(level))).toMatchObject({ code: 0 });
  await grow(cluster, port3, port0, level);
  for (const key of keysAt(level)) {
    await eventually(async () =>
      expect(await cluster.main('-cli', '-p', `${port3}`, 'set', key, 'the value')).toMatchObject({
        code: 0,
      }),
    );
  }
  for (const port of [port0, port1, port2]) await expectValue(cluster, port, level);
  const stopped = cluster.pidOf('controller-0');
  process.kill(stopped, 'SIGTERM');
  await eventually(async () => birthOf(stopped) === null || Promise.reject(new Error('it still runs')));
  await remove(cluster, 0, port1);
  await eventually(async () => expect((await membersAt(cluster, port1)).changing).toBe(false));
  return [port1, port2, port3];
}

it('a controller with its data elsewhere is named, and left alone', async () => {
  await using cluster = await StartedCluster.create();
  const [port3] = (await freePorts(1)) as [number];
  expect(await cluster.start(...FLAGS)).toMatchObject({ code: 0 });
  const elsewhere = join(cluster.directory, 'elsewhere');
  const further = ['--data-dir', elsewhere];
  const child = await grow(cluster, port3, cluster.ports[0]!, 'linearizability', further);
  onTestFinished(() => void child.kill('SIGKILL'));
  const told = `controller 3 (127.0.0.1:${port3}) has no data here: `;
  const restarted = await cluster.main('restart');
  expect(restarted).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(told) });
  expect(names(cluster)).toEqual(['controller-0', 'controller-1', 'controller-2']);
  expect(votersIn(await membersAt(cluster, port3))).toEqual([0, 1, 2, 3]);
  const made = await cluster.main('backup', join(cluster.directory, 'here'));
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining(told) });
  const there = await cluster.main(
    ...['backup', join(cluster.directory, 'there'), '-p', `${port3}`, '--data-dir', elsewhere],
  );
  expect(there).toMatchObject({ code: 0, stdout: expect.stringContaining('controller 3 is backed up') });
  expect(await cluster.stop()).toMatchObject({ code: 0, stdout: expect.stringContaining(told) });
});

it('version times are moved at the controllers that were added, too', async () => {
  await using cluster = await StartedCluster.create();
  const [, , port3] = await moved(cluster, 'linearizability');
  expect(await cluster.stop()).toMatchObject({ code: 0 });
  const plan = join(cluster.directory, 'plan.json');
  const survey = (...words: string[]) => cluster.main('survey-clock', plan, ...words);
  expect((await survey('--id', '0')).stdout).toContain('still to be surveyed: controllers 1, 2, 3');
  expect((await survey('--id', '1')).stdout).toContain('still to be surveyed: controllers 2, 3');
  const early = await cluster.main('rebase-clock', plan, '--id', '1');
  expect(early).toMatchObject({ code: 1, stdout: '' });
  expect((await survey('--id', '2')).stdout).toContain('still to be surveyed: controllers 3');
  expect((await survey('-p', `${port3}`)).stdout).toContain('all controllers are surveyed');
  expect(await cluster.main('rebase-clock', plan, '-p', `${port3}`)).toMatchObject({
    code: 0,
    stdout: 'controller 3: nothing has to be moved\n',
  });
});

describe.each(['linearizability', 'eventual', 'keyspaces'])(
  'a backup of a cluster that has moved, at %s',
  (level) => {
    it('is restored with its controllers, also at other addresses, and gives no id again', async () => {
      await using cluster = await StartedCluster.create();
      const ports = await moved(cluster, level);
      // Controller 4 is added and removed, and never runs.
      const [never] = (await freePorts(1)) as [number];
      await cluster.main('member', 'add', `127.0.0.1:${never}`, '-p', `${ports[0]}`, '--wait', '0');
      await remove(cluster, 4, ports[0]!);
      await sleep(FLUSHED_WITHIN_MS);
      const backup = join(cluster.directory, 'a backup');
      const made = await cluster.main('backup', backup);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout).toContain('controller 3 is backed up to');
      expect(made.stdout).toContain('controller 0 votes no more and does not run: it is not in the backup');

      await using other = await StartedCluster.create();
      const [port3, port4] = (await freePorts(2)) as [number, number];
      const words = [
        '--peers',
        other.ports.map((port) => `127.0.0.1:${port}`).join(','),
        ...levelFlags(level),
      ];
      const unnamed = await other.main('restore', backup, ...words);
      expect(unnamed).toMatchObject({ code: 2, stdout: '' });
      expect(unnamed.stderr).toContain(`such as --added 3=127.0.0.1:${ports[2]}`);
      const restored = await other.main('restore', backup, ...words, '--added', `3=127.0.0.1:${port3}`);
      expect(restored).toMatchObject({ code: 0, stderr: '' });
      expect(restored.stdout).toContain(`3 (127.0.0.1:${port3})`);
      const started = await other.start(...flagsAt(level));
      expect(started).toMatchObject({ code: 0, stderr: '' });
      expect(started.stdout).toContain('starting 3 controllers');
      for (const port of [...other.ports.slice(1), port3]) await expectValue(other, port, level);
      await grow(other, port4, port3, level);
      const members = await membersAt(other, port4);
      expect(votersIn(members)).toEqual([1, 2, 3, 5]);
      expect(await other.stop()).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('stopped 4 controllers'),
      });

      expect(await cluster.stop()).toMatchObject({ code: 0 });
      rmSync(join(cluster.runDirectory, 'data'), { recursive: true });
      expect(await cluster.main('restore', backup)).toMatchObject({ code: 0, stderr: '' });
      expect(await cluster.start(...flagsAt(level))).toMatchObject({ code: 0, stderr: '' });
      for (const port of ports) await expectValue(cluster, port, level);
      expect(votersIn(await membersAt(cluster, ports[2]!))).toEqual([1, 2, 3]);
    });
  },
);

/** A backup has what was on disk a tenth of a second before. */
const FLUSHED_WITHIN_MS = 500;
