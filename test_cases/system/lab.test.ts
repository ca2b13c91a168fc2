import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive, type ProcessRecord } from '../../src/cli/cluster/processes.ts';
import { eventually } from '../support/eventually.ts';
import { runWithProcesses, startLab, TWO_SERVERS } from '../support/lab-command.ts';
import { runModel } from '../support/lab-model.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-lab-test-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function expectNothingLeft(members: readonly ProcessRecord[]): void {
  expect(members.length).toBeGreaterThanOrEqual(3);
  expect(members.filter(isAlive)).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
}

it('a script prints with processes what it has to, and leaves nothing', async () => {
  const script = `${TWO_SERVERS}breakConnection 9 0\ncreateConnection 1 9\nget 9 x\nstabilize\nget 9 x\nkillServer 0
joinServer 0\nprintStore 0\nstabilize\nprintStore 0\nput 7 x y\n\n`;
  const { stdout, stderr, exitCode } = await runWithProcesses(script, directory, []);
  expect(stdout).toBe(runModel(script, { tie: 'lowest' }).stdout);
  expect(stderr).toEqual(['memchorus: line 16: there is no client 7']);
  expect(exitCode).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

it('an interrupt ends all processes', async () => {
  const { lab, members } = await startLab(directory);
  lab.signal('SIGINT');
  await eventually(() => lab.stderr !== '');
  const { stderr, exitCode } = await lab.end();
  expect(stderr).toEqual(['memchorus: interrupted; the servers and clients of the lab are gone']);
  expect(exitCode).toBe(1);
  expectNothingLeft(members);
});

it('a lab that is killed takes its processes along, and cleanup ends one that stands still', async () => {
  const { lab, members } = await startLab(directory);
  const [stopped, ...others] = members;
  process.kill(stopped!.pid, 'SIGSTOP');
  lab.signal('SIGKILL');
  await lab.end();
  await eventually(() => !others.some(isAlive));
  expect(isAlive(stopped!)).toBe(true);
  const { stdout, exitCode } = await runWithProcesses('', directory, ['cleanup']);
  expect(stdout).toMatch(/^the lab of process \d+ was aborted; processes ended: 1\n$/);
  expect(exitCode).toBe(0);
  expectNothingLeft(members);
  const again = await runWithProcesses('', directory, ['cleanup']);
  expect(again.stdout).toBe('no lab has left anything\n');
});

it('a server that dies by itself counts as killed, and the others go on', async () => {
  const { lab, members } = await startLab(directory);
  lab.type('joinServer 2\nstabilize\nput 9 y two\nprintStore 2\n');
  await lab.printed(2);
  process.kill(members[0]!.pid, 'SIGKILL');
  await eventually(() => !isAlive(members[0]!));
  lab.type('stabilize\nget 9 x\ncreateConnection 9 2\nget 9 x\nget 9 y\nstabilize\nprintStore 1\n');
  const { stdout, stderr, exitCode } = await lab.end();
  expect(stdout).toBe('x:one\nx:one\nx:one\ny:ERR_DEP\nx:one\n');
  expect(stderr).toHaveLength(2);
  expect(stderr[0]).toMatch(/^memchorus: line 1[01]: server 0 has ended by itself; it counts as killed$/);
  expect(stderr[1]).toBe(
    'memchorus: line 11: client 9 is linked to no server; createConnection 9 SERVER links it',
  );
  expect(exitCode).toBe(0);
});
