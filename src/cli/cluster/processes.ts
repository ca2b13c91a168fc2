import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../failure.ts';
import { withCodeCache } from '../locations.ts';

/**
 * A process that was started here, in a form that outlives the one who started it. The system gives a pid to
 * another process in time, so the moment of birth is kept with it: together they name one process, ever.
 */
export interface ProcessRecord {
  readonly pid: number;
  readonly birth: string;
}

/** How often to look whether a process has ended, in milliseconds. */
const POLL_MS = 20;

/** What identifies the process that has this pid now; null when there is none. */
export function birthOf(pid: number): string | null {
  return process.platform === 'linux' ? birthFromProc(pid) : birthFromPs(pid);
}

/**
 * proc(5), /proc/pid/stat: behind the command in parentheses, which may hold anything, the 1st field is the
 * state and the 20th the start in ticks since boot. The boot's id makes it unique across reboots.
 */
function birthFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

function birthFromPs(pid: number): string | null {
  try {
    const words = ['-o', 'lstart=,comm=', '-p', String(pid)];
    const output = execFileSync('ps', words, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 2000 });
    return output.toString('utf8').trim() || null;
  } catch {
    return null;
  }
}

export function isAlive(record: ProcessRecord): boolean {
  return birthOf(record.pid) === record.birth;
}

export interface DetachedOptions {
  readonly workingDirectory: string;
  /** Takes what it prints, and nothing of earlier runs. */
  readonly outputFile: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Starts a process that lives on without this one, in a group of its own, so that Ctrl-C does not reach it.
 *
 * @returns null when it could not be started, or ended at once
 */
export async function spawnDetached(
  program: string,
  words: readonly string[],
  { workingDirectory, outputFile, environment = process.env }: DetachedOptions,
): Promise<ProcessRecord | null> {
  const output = openSync(outputFile, 'w');
  try {
    const child = spawn(program, words, {
      cwd: workingDirectory,
      detached: true,
      env: withCodeCache(withoutServiceManager(environment)),
      stdio: ['ignore', output, output],
    });
    const failed = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(true));
      child.once('spawn', () => resolve(false));
    });
    if (failed || child.pid === undefined) return null;
    child.unref();
    const birth = birthOf(child.pid);
    return birth === null ? null : { pid: child.pid, birth };
  } finally {
    closeSync(output);
  }
}

/** What systemd tells a service is not meant for the processes that the service starts to outlive it. */
function withoutServiceManager({
  NOTIFY_SOCKET,
  WATCHDOG_USEC,
  ...rest
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return rest;
}

/** Does nothing unless the process is the recorded one. @returns false when it is another user's */
function signal(record: ProcessRecord, name: NodeJS.Signals): boolean {
  if (!isAlive(record)) return true;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    if (systemCodeOf(error) === 'EPERM') return false;
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
  return true;
}

/** @returns true when it had ended in time */
export async function waitForEnd(record: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(record)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** How long a killed process may take to be gone, in milliseconds. */
const KILL_TIMEOUT_MS = 2000;

export type StopOutcome = 'stopped' | 'killed' | 'was gone' | 'still there' | 'not allowed';

/** SIGTERM, and when it has not ended in time SIGKILL. */
export async function stopProcess(record: ProcessRecord, timeoutMs: number): Promise<StopOutcome> {
  if (!isAlive(record)) return 'was gone';
  if (!signal(record, 'SIGTERM')) return 'not allowed';
  if (await waitForEnd(record, timeoutMs)) return 'stopped';
  signal(record, 'SIGKILL');
  return (await waitForEnd(record, KILL_TIMEOUT_MS)) ? 'killed' : 'still there';
}
