import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '../../src/cli/failure.ts';
import { own } from '../processes.ts';

export const DIALECTS = ['memcached', 'redis', 'etcd', 'http'] as const;

export type Dialect = (typeof DIALECTS)[number];

/** A load. A field that is left out has the default of `options.c`. */
export interface Load {
  readonly connections?: number;
  /** Requests in flight on each connection. */
  readonly depth?: number;
  /** Percentage of gets; the other requests are writes. */
  readonly gets?: number;
  /** Bytes of a value. */
  readonly value?: number;
  readonly keys?: number;
  /** Requests per second over all connections; without it, a closed loop. */
  readonly rate?: number;
  /** Exponent of Zipf's law; 0 for a uniform distribution. */
  readonly zipf?: number;
  /** Writes every key once, in order. */
  readonly fill?: 0 | 1;
  /** Writes are `incr KEY 1`. */
  readonly incr?: 0 | 1;
  readonly seed?: number;
  readonly warmup?: number;
  readonly seconds?: number;
}

export interface LoadResult {
  /** Length of the measured window, without the warm-up. */
  readonly seconds: number;
  readonly operations: number;
  /**
   * Requests of the whole load, the warm-up included; `gets`, `misses` and `errors` are counted among these.
   */
  readonly total: number;
  readonly gets: number;
  readonly misses: number;
  readonly errors: number;
  readonly firstError: string;
  /** With a rate: requests that had no answer 5 s after the end. */
  readonly unfinished: number;
  /** Bytes of values that were transferred in the window. */
  readonly valueBytes: number;
  /** CPU time of the loader itself. */
  readonly cpuSeconds: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

const COMPILER = process.env.CC || 'cc';
const FLAGS = ['-std=gnu17', '-O2', '-Wall', '-Wextra'];

/** @returns null when there is no compiler */
export function compilerVersion(): string | null {
  const { status, stdout } = spawnSync(COMPILER, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0]! : null;
}

/** The load generator: compiled once per version of its source, into the user's cache directory. */
export class Loader {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** @throws OperationError when there is no C compiler, or it rejects the source */
  static compile(): Loader {
    const sources = readdirSync(import.meta.dirname).filter((name) => /\.[ch]$/.test(name));
    const hash = createHash('sha256').update(`${COMPILER} ${FLAGS}`);
    for (const name of sources.sort()) hash.update(readFileSync(join(import.meta.dirname, name)));
    const program = join(cacheDirectory(), `load-${hash.digest('hex').slice(0, 16)}`);
    if (!runs(program)) build(sources, program);
    return new Loader(program);
  }

  /** @throws OperationError when the load failed: no server, a lost connection, or no answer for 5 s */
  run(dialect: Dialect, ports: readonly number[], load: Load, signal?: AbortSignal): Promise<LoadResult> {
    const words = Object.entries(load).map(([name, value]) => `${name}=${value}`);
    const all = [`dialect=${dialect}`, `ports=${ports.join(',')}`, ...words];
    return new Promise((resolve, reject) => {
      const child = execFile(this.#program, all, { signal, encoding: 'utf8' }, (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout) as LoadResult);
        else reject(new OperationError('BENCH', stderr.trim() || error.message, { cause: error }));
      });
      own(child);
    });
  }
}

function runs(program: string): boolean {
  return spawnSync(program, ['help'], { encoding: 'utf8' }).stderr?.startsWith('load: ') ?? false;
}

function build(sources: readonly string[], program: string): void {
  if (compilerVersion() === null) {
    throw new OperationError(
      'BENCH',
      `the load generator is C and there is no compiler "${COMPILER}": apt-get install gcc libc6-dev, or set CC`,
    );
  }
  mkdirSync(cacheDirectory(), { recursive: true });
  const files = sources.filter((name) => name.endsWith('.c')).map((name) => join(import.meta.dirname, name));
  const half = `${program}.${process.pid}`;
  const { status, stderr } = spawnSync(COMPILER, [...FLAGS, '-o', half, ...files, '-lm'], {
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new OperationError('BENCH', `${COMPILER} does not compile the load generator:\n${stderr}`);
  renameSync(half, program);
}

/** The XDG base directory for files that can be made again. */
function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'memchorus');
}
