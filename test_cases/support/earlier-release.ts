import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The commit of a release in the history of this tree; null in a tree without history, or with a part of it. */
export function commitOf(version: string): string | null {
  const words = ['log', '--format=%H', `--grep=^Release ${version.replaceAll('.', '\\.')}:`, '-1'];
  const { status, stdout } = spawnSync('git', words, { cwd: PROJECT, encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : null;
}

/** An earlier release as it was, with the packages of this tree. */
export class EarlierRelease {
  readonly directory: string;

  constructor(commit: string) {
    this.directory = join(mkdtempSync(join(tmpdir(), 'memchorus-release-')), 'project');
    mkdirSync(this.directory);
    const archive = execFileSync('git', ['archive', commit], { cwd: PROJECT, maxBuffer: 512 * 1024 * 1024 });
    execFileSync('tar', ['-x', '-C', this.directory], { input: archive });
    symlinkSync(join(PROJECT, 'node_modules'), join(this.directory, 'node_modules'));
  }

  [Symbol.dispose](): void {
    rmSync(resolve(this.directory, '..'), { recursive: true, force: true });
  }
}
