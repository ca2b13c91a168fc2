import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runInProcess } from '../../../support/lab-run.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../../../docs/lab');

const names = readdirSync(DIRECTORY).filter((name) => name.endsWith('.lab'));
const textOf = (name: string): string => readFileSync(join(DIRECTORY, name), 'utf8');

describe('the scripts that teach', () => {
  it('are a dozen or more, and the index has each with its title', () => {
    expect(names.length).toBeGreaterThanOrEqual(12);
    const index = textOf('README.md');
    for (const name of names) expect(index).toContain(`| [${/^# (.*)$/m.exec(textOf(name))![1]}](${name}) |`);
  });

  it.each(names)('%s meets its expectations', async (name) => {
    const script = textOf(name);
    const { stderr, exitCode } = await runInProcess(script, { tie: 'lowest' });
    const count = script.split('\n').filter((line) => line.startsWith('expect ')).length;
    expect(stderr).toEqual([count === 1 ? 'the expectation is met' : `all ${count} expectations are met`]);
    expect(exitCode).toBe(0);
  });

  it('on ties fails with the other rule', async () => {
    const { stderr, exitCode } = await runInProcess(textOf('04-ties.lab'), { tie: 'highest' });
    expect(stderr).toEqual([
      'line 15: expected seat:ann, and found seat:ben',
      'line 17: expected seat:ann, and found seat:ben',
      '2 of 2 expectations are not met',
    ]);
    expect(exitCode).toBe(1);
  });
});
