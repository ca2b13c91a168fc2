import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { TestedMutant } from '../../test_cases/sim/mutants/mutant.ts';

/** What vitest says with `--reporter json`, as far as it is needed here. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * Runs one test of the simulator. That it passes with the code as it is, `npm test` says.
 *
 * @param root the directory of a copy of the code
 * @returns why the test fails, in one line; null when it passes
 * @throws when there is no such test
 */
export function playTest(
  root: string,
  { file, name }: TestedMutant['test'],
  signal: AbortSignal,
): Promise<string | null> {
  const path = join('test_cases/sim', file);
  const only = `^ *${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const args = ['run', path, '--root', root, '-t', only, '--reporter', 'json', '--testTimeout', '600000'];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  execFile(
    process.execPath,
    [vitest, ...args],
    { cwd: root, maxBuffer: 2 ** 26, signal },
    (error, stdout, stderr) => {
      try {
        resolve(failureIn(JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report, name));
      } catch (cause) {
        reject(new Error(`the test did not run: ${stderr}`, { cause: error ?? cause }));
      }
    },
  );
  return promise;
}

function failureIn({ testResults }: Report, name: string): string | null {
  const found = testResults
    .flatMap((one) => one.assertionResults)
    .filter((one) => one.fullName.trim() === name);
  const played = found.filter(({ status }) => status === 'passed' || status === 'failed');
  if (played.length === 0) throw new Error(`no test has the name "${name}"`);
  const failed = played.find(({ status }) => status === 'failed');
  return failed === undefined ? null : failed.failureMessages.join(' ').split('\n', 1)[0]!;
}
