import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { atEnd } from './at-end.ts';
import { HANGS_AFTER_MS } from './hang.ts';
import type { Host } from './host.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const LOG_LINES_SHOWN = 15;
const EXIT_WITHIN_MS = HANGS_AFTER_MS;

/** The running controllers: they are killed at the end of the tests, even when that comes before the clean-up. */
const running = new Set<ChildProcess>();
atEnd(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ControllerOptions {
  readonly configFile: string;
  readonly logFile: string;
  readonly host: Host;
  readonly port: number;
  readonly level: string;
}

/** A controller that a test owns, started by its command line. It can be started again after its end. */
export class ControllerProcess {
  readonly #options: ControllerOptions;
  #child: ChildProcess | null = null;
  #printed = '';

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#options.port;
  }

  get host(): string {
    return this.#options.host.address;
  }

  get logFile(): string {
    return this.#options.logFile;
  }

  get pid(): number {
    return this.#running().pid!;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Starts the process, and does not wait until it listens.
   *
   * @param environment variables in addition to those of the tests
   * @param project the directory of the release that runs
   */
  start(
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    project = PROJECT,
  ): void {
    const { configFile, host, port, level } = this.#options;
    const own = ['-c', configFile, '-i', host.address, '-p', `${port}`, '-cons', level];
    const node = resolve(PROJECT, 'node_modules/.bin/node');
    const [program, ...words] = [...host.command, node, 'main.ts', ...own, ...flags];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MEMCHORUS_'));
    const child = spawn(program!, words, {
      cwd: project,
      env: {
        ...Object.fromEntries(inherited),
        // Not the one of the checkout, which may have the secret of a cluster that was started by hand.
        MEMCHORUS_RUN_DIR: join(dirname(configFile), 'run'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#printed += chunk.toString();
      });
    }
    this.#child = child;
  }

  /** Kills the process, as a loss of power of its machine would. */
  async kill(): Promise<void> {
    const child = this.#running();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops the process in the middle (SIGSTOP); its connections stay open. */
  pause(): void {
    this.#running().kill('SIGSTOP');
  }

  resume(): void {
    this.#running().kill('SIGCONT');
  }

  /**
   * Sends SIGTERM, and waits for the end.
   * @returns the exit code; the test fails when the process had to be killed
   */
  async stop(): Promise<number> {
    const child = this.#running();
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS);
    const [code, signal] = await once(child, 'exit');
    clearTimeout(late);
    if (signal !== null) {
      throw new Error(`controller on ${this.port} did not end within ${EXIT_WITHIN_MS} ms:\n${this.tail()}`);
    }
    return code as number;
  }

  /** The lines of its log so far. */
  log(): string[] {
    try {
      return readFileSync(this.#options.logFile, 'utf8').trimEnd().split('\n');
    } catch {
      return [];
    }
  }

  /** The output and the last lines of the log, for the message of a failed test. */
  tail(): string {
    return [this.#printed.trimEnd(), ...this.log().slice(-LOG_LINES_SHOWN)].join('\n');
  }

  #running(): ChildProcess {
    if (this.#child === null || !this.isRunning) {
      throw new Error(`controller on ${this.port} is not running:\n${this.tail()}`);
    }
    return this.#child;
  }
}
