import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { COMMANDS } from '../command-line/modes.ts';
import { defaultRunDirectory, MAIN_FILE } from '../locations.ts';

/** Running controllers of this installation, by the run directory that they use. */
export interface RunningElsewhere {
  readonly runDirectory: string;
  readonly pids: readonly number[];
}

/** First words after main.ts that run something other than a controller. */
const NO_CONTROLLER: ReadonlySet<string> = new Set([...COMMANDS, '-cli', '--cli', '--client']);

/**
 * Looks through the processes of this machine for controllers of this installation. Only Linux shows the
 * environment of a process, and only to its own user; elsewhere nothing is found.
 */
export function findRunning(): RunningElsewhere[] {
  const found = new Map<string, number[]>();
  for (const pid of processes()) {
    const directory = runDirectoryOf(pid);
    if (directory !== null) found.set(directory, [...(found.get(directory) ?? []), pid]);
  }
  return [...found].map(([runDirectory, pids]) => ({ runDirectory, pids }));
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The run directory of a controller of this installation; null when it is none, or cannot be examined. */
function runDirectoryOf(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.findIndex((word) => word.endsWith('main.ts'));
    if (at < 1 || words.slice(at).some((word) => NO_CONTROLLER.has(word))) return null;
    if (resolve(readlinkSync(`/proc/${pid}/cwd`), words[at]!) !== MAIN_FILE) return null;
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const named = environment.find((entry) => entry.startsWith('MEMCHORUS_RUN_DIR='));
    return named === undefined ? defaultRunDirectory() : resolve(named.slice(named.indexOf('=') + 1));
  } catch {
    return null;
  }
}
