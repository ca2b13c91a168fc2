import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { birthOf, isAlive, spawnDetached, stopProcess } from '../../../src/cli/cluster/processes.ts';
import { loadRunRecord, withRunLock } from '../../../src/cli/cluster/run-record.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-run-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

const wait = (script: string) =>
  spawnDetached(process.execPath, ['-e', script], {
    workingDirectory: directory,
    outputFile: join(directory, 'out'),
  });

it('starts and stops a process', async () => {
  const started = await wait('setInterval(() => {}, 1000)');
  expect(started).not.toBeNull();
  expect(isAlive(started!)).toBe(true);
  expect(await stopProcess(started!, 5000)).toBe('stopped');
  expect(isAlive(started!)).toBe(false);
  expect(await stopProcess(started!, 5000)).toBe('was gone');
});

it('kills what does not listen', async () => {
  const started = await wait(
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('deaf')",
  );
  while (readFileSync(join(directory, 'out'), 'utf8') === '')
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await stopProcess(started!, 100)).toBe('killed');
});

it('never touches another process that has got the pid', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  expect(await stopProcess({ pid: other.pid!, birth: 'of somebody else' }, 100)).toBe('was gone');
  expect(birthOf(other.pid!)).not.toBeNull();
  other.kill('SIGKILL');
});

it('says when a program is not there', async () => {
  expect(
    await spawnDetached(join(directory, 'none'), [], {
      workingDirectory: directory,
      outputFile: join(directory, 'out'),
    }),
  ).toBeNull();
});

it('lets one start or stop in at a time, and takes over from a dead one', async () => {
  const inside = withRunLock(directory, () => new Promise((resolve) => setTimeout(resolve, 100)));
  await expect(withRunLock(directory, async () => {})).rejects.toThrow(
    'another start, stop or restart is under way',
  );
  await inside;
  writeFileSync(join(directory, 'run.lock'), JSON.stringify({ pid: process.pid, birth: 'long ago' }));
  expect(await withRunLock(directory, async () => 'in')).toBe('in');
});

it('refuses a record that it does not understand', () => {
  expect(loadRunRecord(directory)).toBeNull();
  writeFileSync(join(directory, 'run.json'), '{"format":1}');
  expect(() => loadRunRecord(directory)).toThrow('another version');
  writeFileSync(join(directory, 'run.json'), 'scrap');
  expect(() => loadRunRecord(directory)).toThrow('cannot read what is running');
});
