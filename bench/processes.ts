import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { OperationError } from '../src/cli/failure.ts';

/** Processes that were started here and have not ended. They end with this process, however it ends. */
const owned = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of owned) child.kill('SIGKILL');
});

export function own(child: ChildProcess): ChildProcess {
  owned.add(child);
  child.once('exit', () => owned.delete(child));
  return child;
}

const STOP_WITHIN_MS = 3000;

/** A server in the background. Its output goes to `NAME.out` in the directory. */
export class Server {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #output: string;

  constructor(name: string, program: string, words: readonly string[], directory: string) {
    this.name = name;
    this.#output = join(directory, `${name}.out`);
    const output = openSync(this.#output, 'w');
    this.#child = own(spawn(program, words, { cwd: directory, stdio: ['ignore', output, output] }));
    this.#child.once('error', () => {});
    // A server that nobody stops, because another one of its subject did not start, ends with this process.
    this.#child.unref();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The last lines of its output. */
  tail(): string {
    return readFileSync(this.#output, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }
}

/** The first line of what the program prints about itself; null when it is not installed. */
export function versionOf(program: string, words: readonly string[]): string | null {
  const { error, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 5000 });
  if (error !== undefined) return null;
  return `${stdout}${stderr}`.trim().split('\n')[0]!.trim();
}

const READY_WITHIN_MS = 30_000;
const READY_INTERVAL_MS = 20;

/**
 * Resolves once the check says true.
 *
 * @throws OperationError with the end of the output when a server ends, or it takes too long
 */
export async function becomesReady(servers: readonly Server[], check: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await check().catch(() => false))) {
    const ended = servers.find(({ hasEnded }) => hasEnded);
    if (ended !== undefined) throw new OperationError('BENCH', `${ended.name} ended:\n${ended.tail()}`);
    if (performance.now() > until) {
      const tails = servers.map((server) => `${server.name}: ${server.tail()}`).join('\n');
      throw new OperationError('BENCH', `not ready within ${READY_WITHIN_MS} ms:\n${tails}`);
    }
    await new Promise((resolve) => setTimeout(resolve, READY_INTERVAL_MS));
  }
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Ticks of proc(5) per second, a constant of Linux's interface to user space. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used, including its ended threads, in steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  return cpuSecondsIn(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/**
 * @param stat see proc(5), /proc/pid/stat: utime and stime are fields 14 and 15; the name in field 2 may
 *   contain anything
 */
export function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Seconds of CPU that the machine has had, and how many of them it was busy, over all cores. */
export interface MachineTime {
  readonly total: number;
  readonly busy: number;
}

export function machineTime(): MachineTime {
  return machineTimeIn(readFileSync('/proc/stat', 'latin1'));
}

/**
 * @param stat see proc(5), /proc/stat: user nice system idle iowait irq softirq steal; the time of guests is
 *   part of user
 */
export function machineTimeIn(stat: string): MachineTime {
  const ticks = stat.split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, one) => sum + one, 0);
  return { total: total / TICKS_PER_SECOND, busy: (total - ticks[3]! - ticks[4]!) / TICKS_PER_SECOND };
}

/**
 * Memory of a process, in bytes. Memory that is not private is the program and its libraries, which processes
 * of the same program share.
 */
export interface Resident {
  readonly bytes: number;
  readonly privateBytes: number;
}

export function residentOf(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return { bytes: kilobytes('VmRSS') * 1024, privateBytes: kilobytes('RssAnon') * 1024 };
}
