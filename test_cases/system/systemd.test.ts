import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SETTING_KEYS } from '../../src/cli/settings/setting-table.ts';
import { atEnd } from '../support/at-end.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { succeeds } from '../support/programs.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const UNITS = join(PROJECT, 'deploy/systemd');
const NODE = join(PROJECT, 'node_modules/.bin/node');
const RECEIVER = join(PROJECT, 'test_cases/support/notify-receiver.py');

const hasNotify = succeeds('systemd-notify', ['--version']) && succeeds('python3', ['--version']);
const hasAnalyze = succeeds('systemd-analyze', ['--version']);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus systemd-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Starts a receiver of notifications in place of systemd. */
async function receiver() {
  const socket = join(directory, 'notify');
  const child = spawn('python3', [RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ending = atEnd(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await eventually(() => printed.startsWith('listening\n'));
  return {
    socket,
    messages: () => printed.trim().split('\n').slice(1),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      ending.callOff();
    },
  };
}

async function controller(environment: Readonly<Record<string, string>>, peers = 1) {
  const ports = await Promise.all(Array.from({ length: peers }, freePort));
  const words = ['--peers', ports.map((port) => `127.0.0.1:${port}`).join(','), '--id', '0'];
  const child = spawn(NODE, ['main.ts', ...words, '-kv', 'custom', '--data-dir', '-', '--log-file', '-'], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: 'ignore',
  });
  const ending = atEnd(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit').finally(() => ending.callOff());
  return { child, exited };
}

describe.skipIf(!hasNotify)('a controller as a service of Type=notify', () => {
  it('reports that it is ready, its state, that it is alive, and that it stops', async () => {
    await using systemd = await receiver();
    const { child, exited } = await controller({ NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: '400000' });
    await eventually(() => systemd.messages().includes('READY=1'));
    await eventually(() => systemd.messages().includes('STATUS=ready'));
    await eventually(() => systemd.messages().filter((message) => message === 'WATCHDOG=1').length >= 2);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await eventually(() => systemd.messages().at(-1) === 'STOPPING=1');
  });

  it('is ready for systemd once it listens, and reports for which peers it waits', async () => {
    await using systemd = await receiver();
    const { child, exited } = await controller({ NOTIFY_SOCKET: systemd.socket }, 3);
    await eventually(() => systemd.messages().includes('READY=1'));
    await eventually(() => systemd.messages().some((message) => /^STATUS=not ready/.test(message)));
    expect(systemd.messages()).not.toContain('WATCHDOG=1');
    child.kill('SIGTERM');
    await exited;
  });

  it('does not report that it is alive while it stands still', async () => {
    await using systemd = await receiver();
    const { child, exited } = await controller({ NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: '200000' });
    await eventually(() => systemd.messages().includes('WATCHDOG=1'));
    child.kill('SIGSTOP');
    await eventually(async () => {
      const before = systemd.messages().length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(systemd.messages()).toHaveLength(before);
    });
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await exited;
  });
});

describe('the systemd units', () => {
  it.skipIf(!hasAnalyze)('are valid for systemd', () => {
    for (const name of readdirSync(UNITS)) {
      // systemd looks for the programs at the paths of a deployment, which do not exist here.
      const text = readFileSync(join(UNITS, name), 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true');
      writeFileSync(join(directory, name.replace('@', '@0')), text.replaceAll('/opt/memchorus', PROJECT));
    }
    const files = readdirSync(directory).map((name) => join(directory, name));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files]);
    const complaints = stderr
      .toString()
      .split('\n')
      .filter((line) => line.includes('memchorus'));
    expect(complaints).toEqual([]);
    expect(status).toBe(0);
  });

  it('name only settings and files that exist', () => {
    const unit = readFileSync(join(UNITS, 'memchorus@.service'), 'utf8');
    expect(unit).toMatch(
      /^ExecStart=\/opt\/memchorus\/node_modules\/\.bin\/node \/opt\/memchorus\/main\.ts -c \S+ --id %i$/m,
    );
    for (const [, key] of unit.matchAll(/MEMCHORUS_(\w+)=/g))
      expect(['run_dir', ...SETTING_KEYS]).toContain(key!.toLowerCase());
  });
});
