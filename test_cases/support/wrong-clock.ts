import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of libfaketime; null when it is not installed. */
const LIBRARY = findLibrary();

export const hasWrongClocks = LIBRARY !== null;

/** The wall clock of one process, which can be set while the process runs; the monotonic clock stays right. */
export class WrongClock {
  readonly #directory: string;

  /** @param offset in the notation of libfaketime: `+3h`, `-90s` */
  constructor(offset: string) {
    this.#directory = mkdtempSync(join(tmpdir(), 'memchorus-clock-'));
    this.set(offset);
  }

  /** The environment variables with which the process has to be started. */
  get environment(): Record<string, string> {
    if (LIBRARY === null) throw new Error('libfaketime is not installed');
    return { LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: this.#file, ...READ_EVERY_SECOND };
  }

  /** Sets the clock; the process sees the change within a second. */
  set(offset: string): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${offset}\n`);
    renameSync(next, this.#file);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#directory, 'offset');
  }
}

const READ_EVERY_SECOND = { FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };

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
