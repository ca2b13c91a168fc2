import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from '../../../controller/directory.ts';
import { birthOf, isAlive, type ProcessRecord, stopProcess } from '../../cluster/processes.ts';
import { OperationError, reasonOf, systemCodeOf } from '../../failure.ts';

/** What a lab has started: its own process, and those of its servers and clients. */
interface LabProcesses {
  readonly driver: ProcessRecord;
  readonly members: readonly ProcessRecord[];
}

const FILE_NAME = /^lab-\d+\.json$/;

/** Names the processes of one lab in a file, so that `cleanup` finds them, whatever ends the lab. */
export class LabRecord {
  readonly #file: string;
  readonly #driver: ProcessRecord;
  readonly #members = new Map<number, ProcessRecord>();

  /** @throws OperationError when the directory cannot be made */
  constructor(directory: string) {
    try {
      ensureDirectory(directory);
    } catch (error) {
      throw recordError(`cannot make the run directory ${directory}`, error);
    }
    this.#file = join(directory, `lab-${process.pid}.json`);
    this.#driver = { pid: process.pid, birth: birthOf(process.pid) ?? '' };
  }

  /** @throws OperationError when the file cannot be written */
  add(pid: number): void {
    const birth = birthOf(pid);
    if (birth === null) return;
    this.#members.set(pid, { pid, birth });
    this.#save();
  }

  /** The process has ended. */
  remove(pid: number): void {
    this.#members.delete(pid);
  }

  /** All have ended. */
  close(): void {
    rmSync(this.#file, { force: true });
  }

  #save(): void {
    const processes: LabProcesses = { driver: this.#driver, members: [...this.#members.values()] };
    try {
      writeFileSync(`${this.#file}.new`, `${JSON.stringify(processes)}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      throw recordError(`cannot write ${this.#file}`, error);
    }
  }
}

/** How long a process may take to end by itself, in milliseconds. */
const END_TIMEOUT_MS = 500;

/**
 * Ends the processes of labs that were aborted. A lab that still runs is left alone.
 *
 * @returns what was done, for people
 * @throws OperationError when a record cannot be read
 */
export async function cleanUpLabs(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of recordsIn(directory)) {
    const file = join(directory, name);
    const processes = loadRecord(file);
    if (processes === null) continue;
    if (isAlive(processes.driver)) {
      lines.push(`the lab of process ${processes.driver.pid} runs, and is left alone`);
      continue;
    }
    const outcomes = await Promise.all(
      processes.members.map((member) => stopProcess(member, END_TIMEOUT_MS)),
    );
    const ended = outcomes.filter((outcome) => outcome === 'stopped' || outcome === 'killed').length;
    const left = outcomes.filter((outcome) => outcome === 'still there' || outcome === 'not allowed').length;
    if (left > 0)
      throw new OperationError('NOT_STOPPED', `${left} processes named in ${file} could not be ended`);
    rmSync(file, { force: true });
    lines.push(`the lab of process ${processes.driver.pid} was aborted; processes ended: ${ended}`);
  }
  return lines.length > 0 ? lines : ['no lab has left anything'];
}

function recordsIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => FILE_NAME.test(name));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw recordError(`cannot look into ${directory}`, error);
  }
}

/** @returns null when the lab has ended meanwhile */
function loadRecord(file: string): LabProcesses | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LabProcesses;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw recordError(`cannot read what a lab has started from ${file}`, error);
  }
}

function recordError(what: string, error: unknown): OperationError {
  return new OperationError('RUN_RECORD', `${what}: ${reasonOf(error)}`, { cause: error });
}
