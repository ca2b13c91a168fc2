import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runModel } from '../../../support/lab-model.ts';
import { linesComplainedOf, runInProcess } from '../../../support/lab-run.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../../lab-scripts');

const names = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.lab'))
  .map((name) => name.slice(0, -'.lab'.length));

/** The recorded output: one file where both tie rules give the same. `vitest -u` writes it anew, from the model. */
function recordOf(name: string, script: string, tie: 'lowest' | 'highest'): string {
  const isSame = runModel(script, { tie: 'lowest' }).stdout === runModel(script, { tie: 'highest' }).stdout;
  return join(DIRECTORY, isSame ? `${name}.out` : `${name}.${tie}.out`);
}

/** Scripts and answers are bytes. */
function shown(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

describe('the scripts', () => {
  it('are at least forty, and some come out differently by the other tie', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
    const differing = names.filter((name) => {
      const script = readFileSync(join(DIRECTORY, `${name}.lab`), 'latin1');
      return recordOf(name, script, 'lowest') !== recordOf(name, script, 'highest');
    });
    expect(differing.length).toBeGreaterThanOrEqual(5);
  });

  describe.each(['lowest', 'highest'] as const)('with tie %s', (tie) => {
    it.each(names)('%s', async (name) => {
      const script = readFileSync(join(DIRECTORY, `${name}.lab`), 'latin1');
      const model = runModel(script, { tie });
      await expect(shown(model.stdout)).toMatchFileSnapshot(recordOf(name, script, tie));
      const { stdout, stderr, exitCode } = await runInProcess(script, { tie });
      expect(shown(stdout)).toBe(shown(model.stdout));
      expect([...new Set(linesComplainedOf(stderr))]).toEqual(model.errors);
      expect(exitCode === 0).toBe(model.knewAll);
    });
  });
});
