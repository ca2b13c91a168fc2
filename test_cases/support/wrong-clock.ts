import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** libfaketime, where Linux distributions put it; null when it is not installed. */
const LIBRARY = findLibrary();

export const hasWrongClocks = LIBRARY !== null;

/**
 * Variables that set the wall clock of a process wrong. Its monotonic clock stays right.
 *
 * @param offset as libfaketime takes it: `+3h`, `-90s`
 */
export function wrongClock(offset: string): Record<string, string> {
  if (LIBRARY === null) throw new Error('libfaketime is not installed');
  return { LD_PRELOAD: LIBRARY, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

function findLibrary(): string | null {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  const places = [`/usr/lib/${machine}-linux-gnu/faketime`, '/usr/lib64/faketime', '/usr/lib/faketime'];
  const library = places.map((place) => `${place}/libfaketime.so.1`).find((path) => existsSync(path));
  if (library === undefined) return null;
  const script = 'process.exit(Date.now() > Number(process.argv[1]) + 3600e3 ? 0 : 1)';
  const probe = spawnSync(process.execPath, ['-e', script, `${Date.now()}`], {
    env: { ...process.env, LD_PRELOAD: library, FAKETIME: '+2h', FAKETIME_DONT_FAKE_MONOTONIC: '1' },
    stdio: 'ignore',
  });
  return probe.status === 0 ? library : null;
}
