import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Prometheus' own tool for its files and formats (Debian: a part of the package prometheus). */
const PROGRAM = process.env.PROMTOOL ?? 'promtool';

/** For `describeWith`. */
export const HAS_PROMTOOL = spawnSync(PROGRAM, ['--version']).status === 0;

export interface Checked {
  readonly status: number | null;
  readonly printed: string;
}

export function promtool(words: readonly string[], input = ''): Checked {
  const { status, stdout, stderr } = spawnSync(PROGRAM, words, { input, encoding: 'utf8' });
  return { status, printed: `${stdout}${stderr}` };
}

/** Has promtool check files that stand in one directory, and are named by the last words. */
export function promtoolOn(files: Readonly<Record<string, string>>, words: readonly string[]): Checked {
  const directory = mkdtempSync(join(tmpdir(), 'memchorus-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return promtool([...words, ...Object.keys(files).map((name) => join(directory, name))]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
