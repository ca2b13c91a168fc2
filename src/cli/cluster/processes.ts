import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../failure.ts';
import { withCodeCache } from '../locations.ts';

/**
 * A process that was started here, in a form that outlives the process that started it. The system reuses
 * pids, so the moment of birth is recorded too: pid and birth together name one process for ever.
 */
export interface ProcessRecord {
  readonly pid: number;
  readonly birth: string;
}

/** How often the end of a process is checked, in milliseconds. */
const POLL_MS = 20;

/** What tells the process that has this pid now from all others; null when there is none. */
export function birthOf(pid: number): string | null {
  return process.platform === 'linux' ? birthFromProc(pid) : birthFromPs(pid);
}

/**
 * See proc(5), /proc/pid/stat. The command stands in parentheses and may contain anything. Behind it, the
 * first field is the state, and the 20th the start in ticks since boot. The id of the boot makes the value
 * unique across reboots.
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
  /** The file that receives the output of this process, and no output of earlier ones. */
  readonly outputFile: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Starts a process that survives this one, in a process group of its own, so that Ctrl-C does not reach it.
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

/**
 * The environment without what systemd tells a service: it does not concern processes that outlive the
 * service.
 */
function withoutServiceManager({
  NOTIFY_SOCKET,
  WATCHDOG_USEC,
  ...rest
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return rest;
}

/**
 * Sends a signal, unless the pid belongs to another process by now. @returns false when the process is
 * another user's
 */
export function signalProcess(record: ProcessRecord, name: NodeJS.Signals): boolean {
  if (!isAlive(record)) return true;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    if (systemCodeOf(error) === 'EPERM') return false;
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
  return true;
}

/** @returns whether it ended in time */
export async function waitForEnd(record: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(record)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** How long a killed process may take to disappear, in milliseconds. */
const KILL_TIMEOUT_MS = 2000;

export type StopOutcome = 'stopped' | 'killed' | 'was gone' | 'still there' | 'not allowed';

/** Sends SIGTERM, and SIGKILL if the process does not end in time. */
export async function stopProcess(record: ProcessRecord, timeoutMs: number): Promise<StopOutcome> {
  if (!isAlive(record)) return 'was gone';
  if (!signalProcess(record, 'SIGTERM')) return 'not allowed';
  if (await waitForEnd(record, timeoutMs)) return 'stopped';
  signalProcess(record, 'SIGKILL');
  return (await waitForEnd(record, KILL_TIMEOUT_MS)) ? 'killed' : 'still there';
}
