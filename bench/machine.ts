import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { PROJECT_DIRECTORY } from '../src/cli/locations.ts';
import { compilerVersion } from './loader/loader.ts';
import { versionOf } from './processes.ts';
import type { Machine } from './results.ts';

const PROGRAMS = {
  memcached: ['-V'],
  nutcracker: ['-V'],
  'redis-server': ['--version'],
  etcd: ['--version'],
} as const;

/** @param directory where the servers store their files */
export function machineNow(directory: string): Machine {
  const versions: Record<string, string> = {
    node: process.version,
    cc: compilerVersion() ?? 'not installed',
  };
  for (const [program, words] of Object.entries(PROGRAMS)) {
    versions[program] = versionOf(program, words) ?? 'not installed';
  }
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    fileSystem: versionOf('stat', ['-f', '-c', '%T', directory]) ?? 'unknown',
    loadAverage: loadavg(),
    versions,
  };
}

/** The commit that is measured, with a `+` when files differ from it. */
export function commitNow(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: PROJECT_DIRECTORY, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
