import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'vitest';
import { HANGS_AFTER_MS } from './hang.ts';

export function succeeds(program: string, words: readonly string[], withinMs = 20_000): boolean {
  return spawnSync(program, words, { stdio: 'ignore', timeout: withinMs }).status === 0;
}

/**
 * Defines tests that need something of the machine. Where that is missing they are skipped with a note in their name;
 * in CI they fail.
 */
export function describeWith(what: string, isThere: boolean, tests: () => void): void {
  if (isThere) describe(what, tests);
  else if (process.env.CI) {
    it(`${what} is there`, () => {
      throw new Error(`${what} is missing, and in CI it has to be there`);
    });
  } else describe.skip(`${what} (missing here)`, tests);
}

/**
 * Runs a program to its end.
 * @returns the exit code, and the output on both streams
 */
export async function run(
  program: string,
  words: readonly string[],
  withinMs = HANGS_AFTER_MS,
): Promise<{ code: number | null; printed: string }> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, printed };
}
