import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { LAB_COMMANDS } from '../../../../src/cli/lab/script/commands.ts';
import { runInProcess } from '../../../support/lab-run.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../../docs/lab.md'), 'utf8');

it('the page shows what its script prints', async () => {
  const [, script, printed] = /^\$ cat moved\n(.*?)\$ main\.ts lab < moved\n(.*?)```$/ms.exec(PAGE)!;
  const { stdout, stderr } = await runInProcess(script!, { tie: 'lowest' });
  expect(stdout).toBe(printed);
  expect(stderr).toEqual([]);
});

it('the page has every command, with its words', () => {
  const missing = [...LAB_COMMANDS]
    .map(([name, { usage }]) => `${name} ${usage}`.trim().replaceAll('|', '\\|'))
    .filter((command) => !PAGE.includes(`| \`${command}\` |`));
  expect(missing).toEqual([]);
});
