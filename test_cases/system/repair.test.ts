import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { birthOf } from '../../src/cli/cluster/processes.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { StartedCluster } from '../support/started-cluster.ts';

let cluster: StartedCluster;
const pids = () => Object.fromEntries(cluster.members().map(({ name, pid }) => [name, pid]));

describeWithMemcached('the commands on a running cluster', () => {
  beforeAll(async () => {
    cluster = await StartedCluster.create();
    expect(await cluster.start('-cons', 'linearizability')).toMatchObject({ code: 0, stderr: '' });
    expect(await cluster.ask(0, 'set', 'k', 'kept')).toMatchObject({ code: 0 });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  startTests();
  restartTests();
  byHandTests();
});

function startTests(): void {
  it('startup.sh starts controllers and memcacheds that are missing, and leaves the others running', async () => {
    const before = pids();
    await cluster.kill('controller-1');
    await cluster.kill('memcached-1');
    const again = await cluster.start();
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/^started again: memcached-1, controller-1 \.\.\.\nready after /);
    const { 'controller-1': controller, 'memcached-1': memcached, ...rest } = pids();
    expect(before).toMatchObject(rest);
    expect([controller, memcached]).not.toContain(before['controller-1']);
    expect((await cluster.ask(1, 'get', 'k')).stdout).toContain('kept');
  });

  it('startup.sh reports that the cluster is running when nothing is missing', async () => {
    const before = pids();
    expect(await cluster.start('-cons', 'linearizability', '-n', '3')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^the cluster is running already \(linearizability\)\n/),
    });
    expect(pids()).toEqual(before);
  });

  it.each([
    [['-cons', 'eventual'], /consistency linearizability, not eventual/],
    [['-n', '4'], /3 controllers, not 4/],
    [['--base-port', '7'], /ports from \d+ on, not from 7/],
    [['--store-base-port', '7'], /stores from \d+ on, not from 7/],
    [['--threshold', '4'], /threshold 3, not 4/],
  ])('startup.sh refuses other settings than those of the running cluster: %s', async (words, message) => {
    const refused = await cluster.run(`${cluster.project}/startup.sh`, ...words);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(refused.stderr).toContain(`a cluster runs already, from ${cluster.runDirectory}`);
  });
}

function restartTests(): void {
  it('restart stops one controller and starts it again, from any shell', async () => {
    const before = pids();
    const restarted = await cluster.main('restart', '2', '--wait', '60');
    expect(restarted).toMatchObject({ code: 0, stderr: '' });
    expect(restarted.stdout).toMatch(
      /^controller-2 stopped after .*; started again: controller-2 \(pid \d+\)/,
    );
    const { 'controller-2': controller, ...rest } = pids();
    expect(before).toMatchObject(rest);
    expect(controller).not.toBe(before['controller-2']);
    expect((await cluster.ask(2, 'get', 'k')).stdout).toContain('kept');
  });

  it('restart refuses an id that no controller has', async () => {
    expect(await cluster.main('restart', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no controller 3/),
    });
  });

  it('restart without ids restarts all controllers, one after the other', async () => {
    const before = pids();
    const restarted = await cluster.main('restart', '--wait', '60');
    expect(restarted).toMatchObject({ code: 0, stderr: '' });
    const stopped = [...restarted.stdout.matchAll(/^(controller-\d) stopped after/gm)].map(
      ([, name]) => name,
    );
    expect(stopped).toEqual(['controller-0', 'controller-1', 'controller-2']);
    const after = pids();
    for (const name of stopped) expect(after[name!]).not.toBe(before[name!]);
    expect((await cluster.ask(1, 'get', 'k')).stdout).toContain('kept');
  });
}

function byHandTests(): void {
  it('startup.sh counts a controller that was started by hand, and a second one on its port names it', async () => {
    await cluster.kill('controller-0');
    const byHand = await cluster.startByHand(0, '-cons', 'linearizability');
    const named = `controller 0 of cluster memchorus (pid ${byHand.pid})`;
    const second = await cluster.main(
      '-p',
      `${cluster.ports[0]}`,
      '--peers',
      `127.0.0.1:${cluster.ports[0]}`,
      '--data-dir',
      '-',
    );
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(named) });
    const again = await cluster.start();
    expect(again.stdout).toContain(`1 controller started by hand: controller-0 (pid ${byHand.pid})`);
    expect(cluster.pidOf('controller-0')).toBe(byHand.pid);
    const ended = once(byHand, 'exit');
    expect(await cluster.main('restart', '0')).toMatchObject({ code: 0 });
    await ended;
  });

  it('an interrupted startup.sh leaves the running processes, and the next one starts the missing ones', async () => {
    await cluster.kill('controller-2');
    const before = pids();
    const start = cluster.spawn(`${cluster.project}/startup.sh`);
    await once(start.stdout, 'data');
    start.kill('SIGTERM');
    await once(start, 'close');
    expect(await cluster.start()).toMatchObject({ code: 0 });
    const { 'controller-2': _, ...rest } = pids();
    expect(before).toMatchObject(rest);
  });

  it('stop.sh stops controllers that were started by hand too, and the memcacheds after them', async () => {
    await cluster.kill('controller-1');
    const byHand = await cluster.startByHand(1, '-cons', 'linearizability');
    const members = Object.values(pids());
    const stopped = await cluster.stop();
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toContain(`controller-1 (pid ${byHand.pid}) was started by hand`);
    expect(stopped.stdout).toMatch(/stopped 3 controllers\nstopped 3 memcacheds\n$/);
    expect(members.filter((pid) => birthOf(pid) !== null)).toEqual([]);
    // Later lines may name clusters of other tests that run at the same time.
    const { stdout } = await cluster.stop();
    expect(stdout.split('\n')[0]).toBe(`nothing is running that was started from ${cluster.runDirectory}`);
  });
}

describe('without a data directory', () => {
  it('stop.sh finds a controller by its replies', async () => {
    await using cluster = await StartedCluster.create();
    const flags = ['-kv', 'custom', '--data-dir', '-'];
    expect(await cluster.start(...flags)).toMatchObject({ code: 0 });
    await cluster.kill('controller-2');
    const byHand = await cluster.startByHand(2, ...flags);
    const ended = once(byHand, 'exit');
    expect((await cluster.stop()).stdout).toContain('stopped 3 controllers');
    await ended;
  });
});

describeWithMemcached('stop.sh', () => {
  it('leaves a memcached running whose controller still runs, also when it did not start that controller', async () => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start()).toMatchObject({ code: 0 });
    await cluster.kill('controller-2');
    const foreign = await cluster.startByHand(2, '--data-dir', 'of-its-own');
    const memcached = cluster.pidOf('memcached-2');
    const stopped = await cluster.stop();
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stdout).toContain(
      `is still served by controller 2 of cluster memchorus (pid ${foreign.pid}); its memcached is left to it`,
    );
    expect(stopped.stdout).toContain('stopped 2 memcacheds');
    expect(birthOf(memcached)).not.toBeNull();
    const ended = once(foreign, 'exit');
    foreign.kill('SIGTERM');
    await ended;
    expect(await cluster.stop()).toMatchObject({ code: 0 });
    expect(birthOf(memcached)).toBeNull();
  });

  it('names a cluster of this checkout that runs from another run directory', async () => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start('-kv', 'custom')).toMatchObject({ code: 0 });
    await using other = await StartedCluster.create();
    const { stdout } = await other.stop();
    expect(stdout).toContain(`nothing is running that was started from ${other.runDirectory}`);
    expect(stdout).toContain(`MEMCHORUS_RUN_DIR='${cluster.runDirectory}' ./stop.sh`);
  });
});

describe('startup.sh that is interrupted', () => {
  it.each(['stores:', 'starting'])('after it has printed "%s" leaves no process', async (said) => {
    await using cluster = await StartedCluster.create();
    const start = cluster.spawn(`${cluster.project}/startup.sh`, ...cluster.portFlags, '-kv', 'custom');
    const ended = once(start, 'exit');
    let printed = '';
    start.stdout.on('data', (chunk: Buffer) => {
      const before = printed;
      printed += chunk.toString();
      if (printed.includes(said) && !before.includes(said)) start.kill('SIGINT');
    });
    const [code] = await ended;
    // The cluster may have become ready before the signal arrived.
    if (code !== 0) expect((await cluster.stop()).stdout).toMatch(/^nothing is running/);
    expect(await cluster.start('-kv', 'custom')).toMatchObject({ code: 0 });
  });
});

describeWithMemcached('a command that was interrupted and is given again completes', () => {
  /**
   * Runs a command of `main.ts`, and interrupts it once it has printed the text, or, for an empty text, once
   * it has taken the lock of the run directory.
   */
  async function interrupt(cluster: StartedCluster, words: readonly string[], said: string): Promise<void> {
    const node = join(cluster.project, 'node_modules/.bin/node');
    const child = cluster.spawn(node, join(cluster.project, 'main.ts'), ...words);
    const ended = once(child, 'close');
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    await eventually(async () => {
      const isReached = said === '' ? existsSync(lockOf(cluster)) : printed.includes(said);
      if (!isReached && !isOver()) throw new Error(`it has not said "${said}"`);
    });
    child.kill('SIGINT');
    await ended;
  }

  const lockOf = (cluster: StartedCluster): string => join(cluster.runDirectory, 'run.lock');

  it.each(['', 'stopped after'])('restart, interrupted after "%s"', async (said) => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start('-kv', 'custom')).toMatchObject({ code: 0 });
    expect(await cluster.ask(0, 'set', 'k', 'kept')).toMatchObject({ code: 0 });
    const others = cluster.members().filter(({ name }) => name !== 'controller-1');
    await interrupt(cluster, ['restart', '1'], said);
    expect(await cluster.main('restart', '1')).toMatchObject({ code: 0, stderr: '' });
    expect(cluster.members()).toHaveLength(3);
    expect(cluster.members()).toEqual(expect.arrayContaining(others));
    expect((await cluster.ask(1, 'get', 'k')).stdout).toContain('kept');
    expect(existsSync(lockOf(cluster))).toBe(false);
    expect((await cluster.stop()).stdout).toBe('stopped 3 controllers\n');
  });

  it.each(['', 'stopped 3 controllers'])('stop, interrupted after "%s"', async (said) => {
    await using cluster = await StartedCluster.create();
    expect(await cluster.start()).toMatchObject({ code: 0 });
    const pids = cluster.members().map(({ pid }) => pid);
    await interrupt(cluster, ['stop'], said);
    expect(await cluster.stop()).toMatchObject({ code: 0, stderr: '' });
    expect(pids.filter((pid) => birthOf(pid) !== null)).toEqual([]);
    expect(existsSync(lockOf(cluster))).toBe(false);
    expect(cluster.members()).toEqual([]);
  });
});
