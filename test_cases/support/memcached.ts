import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { atEnd } from './at-end.ts';
import { freePort } from './free-port.ts';
import { HANGS_AFTER_MS } from './hang.ts';
import { type Host, LOOPBACK } from './host.ts';

export const hasMemcached = spawnSync('memcached', ['-V']).status === 0;

/** Defines tests that need memcached. Without memcached they are skipped with a note in their name; in CI they fail. */
export function describeWithMemcached(name: string, tests: () => void): void {
  if (hasMemcached) describe(name, tests);
  else if (process.env.CI) it(`${name}: memcached is installed`, missing);
  else describe.skip(`${name} (memcached is not installed)`, tests);
}

function missing(): never {
  throw new Error('memcached is not installed, and in CI it has to be');
}

/** A memcached that a test owns, on a port that it keeps when it is started again. */
export class Memcached {
  readonly #host: Host;
  readonly port: number;
  readonly #itemBytesMax: number;
  readonly #options: readonly string[];
  #process: ChildProcess | null = null;

  constructor(
    port: number,
    itemBytesMax = ITEM_BYTES_MAX,
    options: readonly string[] = [],
    host: Host = LOOPBACK,
  ) {
    this.port = port;
    this.#itemBytesMax = itemBytesMax;
    this.#options = options;
    this.#host = host;
  }

  /** @param options further flags of its command line */
  static async start(
    itemBytesMax = ITEM_BYTES_MAX,
    options: readonly string[] = [],
    host: Host = LOOPBACK,
  ): Promise<Memcached> {
    const memcached = new Memcached(await freePort(), itemBytesMax, options, host);
    await memcached.start();
    return memcached;
  }

  get host(): string {
    return this.#host.address;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.host, port: this.port };
  }

  /** Starts the process; resolves once it answers. */
  async start(): Promise<void> {
    const asRoot = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    const [program, ...words] = [
      ...this.#host.command,
      'memcached',
      '-p',
      `${this.port}`,
      '-U',
      '0',
      '-l',
      this.host,
      '-I',
      `${this.#itemBytesMax}`,
      ...asRoot,
      ...this.#options,
    ];
    const child = spawn(program!, words, { stdio: 'ignore' });
    this.#process = child;
    const ending = atEnd(() => child.kill('SIGKILL'));
    child.once('exit', () => ending.callOff());
    const until = performance.now() + HANGS_AFTER_MS;
    while (!(await answers(this.host, this.port))) {
      if (child.exitCode !== null) throw new Error(`memcached ended with ${child.exitCode}`);
      if (performance.now() > until) throw new Error(`memcached does not answer on port ${this.port}`);
      await sleep(START_INTERVAL_MS);
    }
  }

  /** Kills the process, as a loss of power of its machine would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /**
   * Stops the process in the middle (SIGSTOP): its connections stay open, and it answers nothing. Resolves once all its
   * threads have stopped.
   */
  async pause(): Promise<void> {
    const child = this.#process;
    child?.kill('SIGSTOP');
    while (child?.pid !== undefined && !isStopped(child.pid)) await sleep(1);
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await exited;
  }
}

/** The largest item of the memcacheds in tests, in bytes. */
export const ITEM_BYTES_MAX = 2 * 1024 * 1024;

/** Whether all threads of the process have stopped: the signal reaches one first, and the others run on until then. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) =>
    /^State:\s+T/m.test(readFileSync(`${tasks}/${task}/status`, 'utf8')),
  );
}

const START_INTERVAL_MS = 20;

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.on('connect', () => socket.write('version\r\n'));
    socket.on('data', () => settle(true));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
  });
}
