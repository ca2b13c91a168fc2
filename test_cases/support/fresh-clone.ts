import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');

/**
 * Copies the tree as a user has it after a clone and the first start, to a path with spaces. The packages are those of
 * this tree; other tests cover their installation by npm.
 *
 * @returns the directory of the copy
 */
export function freshClone(parent: string): string {
  const clone = join(parent, 'a fresh clone');
  mkdirSync(clone);
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: PROJECT });
  execFileSync('xargs', ['-0', 'cp', '--parents', '-t', clone], { cwd: PROJECT, input: files });
  symlinkSync(join(PROJECT, 'node_modules'), join(clone, 'node_modules'));
  utimesSync(join(clone, 'package-lock.json'), 0, 0);
  return clone;
}
