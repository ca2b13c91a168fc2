import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { birthOf } from '../../src/cli/cluster/processes.ts';
import { atEnd } from './at-end.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';
import { AS_NOBODY, NOBODY } from './unprivileged.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The output of a command, and its exit code. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedOptions {
  /** The checkout whose startup.sh is run. */
  readonly project?: string;
  /** The name of the run directory; it may contain spaces. */
  readonly name?: string;
  readonly controllers?: number;
  /** Words before every command, such as `setpriv --reuid=nobody`. */
  readonly as?: readonly string[];
  /** A directory that is searched for programs before those of the system. */
  readonly path?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A run directory and ports that a test owns, for the commands of users: `startup.sh`, `stop.sh`, `main.ts`. */
export class StartedCluster {
  readonly directory: string;
  readonly runDirectory: string;
  readonly ports: readonly number[];
  readonly storePorts: readonly number[];
  readonly #options: StartedOptions;
  readonly #ending: { callOff(): void };

  private constructor(options: StartedOptions, ports: readonly number[], storePorts: readonly number[]) {
    this.#options = options;
    this.directory = mkdtempSync(join(tmpdir(), 'memchorus started-'));
    this.runDirectory = join(this.directory, options.name ?? 'its run');
    this.ports = ports;
    this.storePorts = storePorts;
    if (options.as === AS_NOBODY && process.getuid?.() === 0) chownSync(this.directory, NOBODY, NOBODY);
    this.#ending = atEnd(() => this.killAll());
  }

  static async create(options: StartedOptions = {}): Promise<StartedCluster> {
    const count = options.controllers ?? 3;
    const ports = await consecutivePorts(count);
    return new StartedCluster(options, ports, await consecutivePorts(count));
  }

  get project(): string {
    return this.#options.project ?? PROJECT;
  }

  /** The flags that keep a start apart from other clusters of this machine. */
  get portFlags(): string[] {
    return ['--base-port', `${this.ports[0]}`, '--store-base-port', `${this.storePorts[0]}`];
  }

  /** Runs `startup.sh` with the ports of this cluster. */
  start(...words: string[]): Promise<Outcome> {
    return this.run(join(this.project, 'startup.sh'), ...this.portFlags, ...words);
  }

  stop(...words: string[]): Promise<Outcome> {
    return this.run(join(this.project, 'stop.sh'), ...words);
  }

  main(...words: string[]): Promise<Outcome> {
    return this.run(join(this.project, 'node_modules/.bin/node'), join(this.project, 'main.ts'), ...words);
  }

  /** Runs a command of the command-line client at a controller. */
  ask(id: number, ...words: string[]): Promise<Outcome> {
    return this.main('-cli', '-p', `${this.ports[id]}`, ...words);
  }

  run(program: string, ...words: string[]): Promise<Outcome> {
    return outcomeOf(this.spawn(program, ...words));
  }

  spawn(program: string, ...words: string[]) {
    const [first, ...rest] = [...(this.#options.as ?? []), program, ...words];
    return spawn(first!, rest, {
      cwd: this.directory,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** The environment of a user, without settings of the tests. */
  get environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    const { path, environment } = this.#options;
    const search = path === undefined ? PATH : `${path}:${PATH}`;
    return { PATH: search, HOME, MEMCHORUS_RUN_DIR: this.runDirectory, ...environment };
  }

  /** All processes in the run record. */
  members(): { readonly name: string; readonly pid: number }[] {
    try {
      const record = JSON.parse(readFileSync(join(this.runDirectory, 'run.json'), 'utf8'));
      return [...record.controllers, ...record.memcacheds];
    } catch {
      return [];
    }
  }

  pidOf(name: string): number {
    const member = this.members().find((one) => one.name === name);
    if (member === undefined) throw new Error(`the record of what runs names no ${name}`);
    return member.pid;
  }

  /** Kills a process of the cluster, as a loss of power would, and waits until it has ended. */
  async kill(name: string): Promise<void> {
    const pid = this.pidOf(name);
    process.kill(pid, 'SIGKILL');
    await eventually(async () => birthOf(pid) === null || Promise.reject(new Error(`${name} still runs`)));
  }

  /** Starts a controller in the foreground, as a user does by hand; resolves once it is ready. */
  async startByHand(id: number, ...words: string[]): Promise<ReturnType<StartedCluster['spawn']>> {
    const peers = this.ports.map((port) => `127.0.0.1:${port}`).join(',');
    const store = ['-kvp', `${this.storePorts[id]}`];
    const node = join(this.project, 'node_modules/.bin/node');
    const own = ['--peers', peers, '-p', `${this.ports[id]}`, ...store, ...words];
    const child = this.spawn(node, join(this.project, 'main.ts'), ...own);
    await eventually(async () => {
      const { stdout } = await this.ask(id, 'show', 'json');
      if (!stdout.includes('"ready":true')) throw new Error(`controller ${id} is not ready: ${stdout}`);
    });
    return child;
  }

  killAll(): void {
    for (const { pid } of this.members()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // The process has ended.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.killAll();
    this.#ending.callOff();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function outcomeOf(child: ReturnType<StartedCluster['spawn']>): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Consecutive ports that are free now: `startup.sh` takes a first port and counts up. */
export async function consecutivePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const [base] = await freePorts(1);
    const wanted = Array.from({ length: count }, (_, index) => base! + index);
    if (await areFree(wanted)) return wanted;
  }
  throw new Error(`no ${count} free ports in a row`);
}

const ATTEMPTS_MAX = 50;

async function areFree(ports: readonly number[]): Promise<boolean> {
  const { isPortTaken } = await import('../../src/cli/process/port-owner.ts');
  const taken = await Promise.all(
    ports.map((port) => (port > 65_535 ? true : isPortTaken({ host: '127.0.0.1', port }))),
  );
  return !taken.includes(true);
}
