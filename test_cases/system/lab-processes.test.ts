import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isAlive } from '../../src/cli/cluster/processes.ts';
import { runWithProcesses, startLab } from '../support/lab-command.ts';
import { type ModelOptions, runModel } from '../support/lab-model.ts';
import { randomScript } from '../support/lab-random.ts';
import { linesComplainedOf } from '../support/lab-run.ts';

const SCRIPTS = resolve(import.meta.dirname, '../lab-scripts');
const TIES = ['lowest', 'highest'] as const;

const directory = mkdtempSync(join(tmpdir(), 'memchorus-labs-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function expectAsModel(script: string, tie: ModelOptions['tie']): Promise<void> {
  const model = runModel(script, { tie });
  const { stdout, stderr, exitCode } = await runWithProcesses(script, directory, ['--tie', tie]);
  expect(stdout, script).toBe(model.stdout);
  expect([...new Set(linesComplainedOf(stderr))], script).toEqual(model.errors);
  expect(exitCode === 0).toBe(model.knewAll);
  expect(readdirSync(directory)).toEqual([]);
}

const names = readdirSync(SCRIPTS).filter((name) => name.endsWith('.lab'));

it.each(names)('%s prints with processes what the model says', async (name) => {
  const script = readFileSync(join(SCRIPTS, name), 'latin1');
  const isSame = runModel(script, { tie: 'lowest' }).stdout === runModel(script, { tie: 'highest' }).stdout;
  for (const tie of isSame ? TIES.slice(0, 1) : TIES) await expectAsModel(script, tie);
});

/** `LAB_SCRIPTS` asks for another number of random scripts. */
const RANDOM_SCRIPTS = Number(process.env.LAB_SCRIPTS ?? 25);

/** So many scripts are one test, so that a slow machine does not run into the limit of a test. */
const LOT = 25;
const FIRST_SEEDS = Array.from({ length: Math.ceil(RANDOM_SCRIPTS / LOT) }, (_, lot) => lot * LOT);

it.each(FIRST_SEEDS)(
  'random scripts from seed %i on print with processes what the model says',
  async (first) => {
    const end = Math.min(first + LOT, RANDOM_SCRIPTS);
    for (let seed = first; seed < end; seed++) await expectAsModel(randomScript(seed), TIES[seed % 2]!);
  },
);

it('the end of the input ends all processes', async () => {
  const { lab, members } = await startLab(directory);
  expect(members.length).toBeGreaterThanOrEqual(3);
  expect(members.every(isAlive)).toBe(true);
  expect((await lab.end()).exitCode).toBe(0);
  expect(members.filter(isAlive)).toEqual([]);
});

it('an unknown command ends all processes, and nothing after it is run', async () => {
  const { lab, members } = await startLab(directory);
  lab.type('frobnicate\nget 9 x\n');
  expect(await lab.end()).toMatchObject({ stdout: 'x:one\nfailed to process: frobnicate\n', exitCode: 2 });
  expect(members.filter(isAlive)).toEqual([]);
});

it('cleanup leaves a lab alone that runs', async () => {
  const { lab, members } = await startLab(directory);
  const { stdout } = await runWithProcesses('', directory, ['cleanup']);
  expect(stdout).toMatch(/^the lab of process \d+ runs, and is left alone\n$/);
  expect(members.every(isAlive)).toBe(true);
  lab.type('get 9 x\n');
  expect((await lab.end()).stdout).toBe('x:one\nx:one\n');
});

const TEACHING = resolve(import.meta.dirname, '../../docs/lab');

it.each(readdirSync(TEACHING).filter((name) => name.endsWith('.lab')))(
  'the teaching script %s meets its expectations with processes',
  async (name) => {
    const script = readFileSync(join(TEACHING, name), 'latin1');
    const { stderr, exitCode } = await runWithProcesses(script, directory, []);
    expect(stderr).toEqual([expect.stringMatching(/expectations? (is|are) met$/)]);
    expect(exitCode).toBe(0);
  },
);
