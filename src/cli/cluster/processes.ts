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

/**
 * Starts a process that lives on without this one, in a group of its own, so that Ctrl-C does not reach it.
 *
 * @param outputFile takes what it prints, and nothing of earlier runs
 * @returns null when it could not be started, or ended at once
 */
export async function spawnDetached(
  program: string,
  words: readonly string[],
  workingDirectory: string,
  outputFile: string,
): Promise<ProcessRecord | null> {
  const output = openSync(outputFile, 'w');
  try {
    const child = spawn(program, words, {
      cwd: workingDirectory,
      detached: true,
      env: withCodeCache(process.env),
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

/** Does nothing unless the process is the recorded one. */
function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
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

export type StopOutcome = 'stopped' | 'killed' | 'was gone' | 'still there';

/** SIGTERM, and when it has not ended in time SIGKILL. */
export async function stopProcess(record: ProcessRecord, timeoutMs: number): Promise<StopOutcome> {
  if (!isAlive(record)) return 'was gone';
  signal(record, 'SIGTERM');
  if (await waitForEnd(record, timeoutMs)) return 'stopped';
  signal(record, 'SIGKILL');
  return (await waitForEnd(record, KILL_TIMEOUT_MS)) ? 'killed' : 'still there';
}
