import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { birthOf, isAlive, spawnDetached, stopProcess } from '../../../src/cli/cluster/processes.ts';
import { loadRunRecord, withRunLock } from '../../../src/cli/cluster/run-record.ts';
import { HANGS_AFTER_MS } from '../../support/hang.ts';

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

it('stopProcess stops a process that spawnDetached has started', async () => {
  const started = await wait('setInterval(() => {}, 1000)');
  expect(started).not.toBeNull();
  expect(isAlive(started!)).toBe(true);
  expect(await stopProcess(started!, HANGS_AFTER_MS)).toBe('stopped');
  expect(isAlive(started!)).toBe(false);
  expect(await stopProcess(started!, HANGS_AFTER_MS)).toBe('was gone');
});

it('stopProcess kills a process that ignores SIGTERM', async () => {
  const started = await wait(
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('deaf')",
  );
  while (readFileSync(join(directory, 'out'), 'utf8') === '')
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await stopProcess(started!, 100)).toBe('killed');
});

it('stopProcess leaves another process alone that has the same pid', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  expect(await stopProcess({ pid: other.pid!, birth: 'of another process' }, 100)).toBe('was gone');
  expect(birthOf(other.pid!)).not.toBeNull();
  other.kill('SIGKILL');
});

it('spawnDetached returns null when the program does not exist', async () => {
  expect(
    await spawnDetached(join(directory, 'none'), [], {
      workingDirectory: directory,
      outputFile: join(directory, 'out'),
    }),
  ).toBeNull();
});

it('the run lock admits one start or stop at a time, and passes from a dead process to the next', async () => {
  const [entered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const inside = withRunLock(directory, () => {
    entered.resolve();
    return released.promise;
  });
  await entered.promise;
  await expect(withRunLock(directory, async () => {})).rejects.toThrow(
    'another start, stop or restart is under way',
  );
  released.resolve();
  await inside;
  writeFileSync(join(directory, 'run.lock'), JSON.stringify({ pid: process.pid, birth: 'long ago' }));
  expect(await withRunLock(directory, async () => 'in')).toBe('in');
});

it('loadRunRecord refuses a record that it can’t read', () => {
  expect(loadRunRecord(directory)).toBeNull();
  writeFileSync(join(directory, 'run.json'), '{"format":1}');
  expect(() => loadRunRecord(directory)).toThrow('another version');
  writeFileSync(join(directory, 'run.json'), 'scrap');
  expect(() => loadRunRecord(directory)).toThrow('cannot read what is running');
});
