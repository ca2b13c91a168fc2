import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from '../../controller/directory.ts';
import type { Address } from '../../controller/settings.ts';
import { OperationError, reasonOf, systemCodeOf } from '../failure.ts';
import { birthOf, isAlive, type ProcessRecord } from './processes.ts';
import type { StorePlan } from './stores/store-plan.ts';

/** A file, and the number of bytes that earlier runs had left in it. */
export interface LogPart {
  readonly file: string;
  readonly from: number;
}

/** A process of the cluster, and the address that it listens on. */
export interface ClusterProcess extends ProcessRecord {
  readonly name: string;
  readonly address: Address;
  /** The files that say what it did, the most helpful one first. */
  readonly logs: readonly LogPart[];
}

/**
 * What `start` has started. It is written before each further step, so that `stop` finds everything, whatever
 * interrupts the start.
 */
export interface RunRecord {
  readonly format: 2;
  readonly cluster: string;
  readonly level: string;
  /** The address of every controller, in the order of the ids, whether it runs or not. */
  readonly peers: readonly Address[];
  /** The command line of every controller, without its id. */
  readonly words: readonly string[];
  /** Every setting that was in force at the start, in the notation of the configuration file. */
  readonly settings: Readonly<Record<string, string>>;
  /** The data directory of the controllers; empty for none. */
  readonly dataDir: string;
  readonly logFile: string;
  /** Where the values are, and what started the stores. */
  readonly plan: StorePlan;
  /** The docker compose project with the stores; null when they do not run in Docker. */
  readonly composeProject: string | null;
  readonly controllers: readonly ClusterProcess[];
  readonly memcacheds: readonly ClusterProcess[];
  /** By its id, the store of each controller that was added and was seen to run. Absent: there was none. */
  readonly addedStores?: Readonly<Record<number, Address>>;
}

const FORMAT = 2;
const RECORD_FILE = 'run.json';
const LAST_RECORD_FILE = 'last-run.json';
const LOCK_FILE = 'run.lock';

/** @returns null when nothing was started from here, or everything has been stopped */
export function loadRunRecord(directory: string): RunRecord | null {
  return loadFile(join(directory, RECORD_FILE));
}

/** The cluster that runs, or else the one that was stopped last: its record still says where its data are. */
export function loadLastRecord(directory: string): RunRecord | null {
  return loadRunRecord(directory) ?? loadFile(join(directory, LAST_RECORD_FILE));
}

function loadFile(file: string): RunRecord | null {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
    if (record.format === FORMAT) return record;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw new OperationError('RUN_RECORD', `cannot read what is running from ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  throw new OperationError(
    'RUN_RECORD',
    `${file} was written by another version of memchorus; stop the cluster with that one`,
  );
}

export function saveRunRecord(directory: string, record: RunRecord): void {
  const file = join(directory, RECORD_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Nothing runs any more: keeps the record under another name, for `loadLastRecord`. */
export function retireRunRecord(directory: string): void {
  try {
    renameSync(join(directory, RECORD_FILE), join(directory, LAST_RECORD_FILE));
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Allows one `start`, `stop` or `restart` at a time in a run directory. A lock whose owner is dead is taken
 * over.
 *
 * @throws OperationError while another one is under way
 */
export async function withRunLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  const file = join(directory, LOCK_FILE);
  prepare(directory);
  if (!takeLock(file)) {
    const owner = lockOwner(file);
    const who = owner === null ? '' : ` (pid ${owner.pid})`;
    const underWay = `another start, stop or restart is under way${who}; wait for it to end`;
    if (owner !== null && isAlive(owner)) throw new OperationError('RUN_LOCKED', underWay);
    rmSync(file, { force: true });
    if (!takeLock(file)) throw new OperationError('RUN_LOCKED', underWay);
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function prepare(directory: string): void {
  try {
    ensureDirectory(directory);
  } catch (error) {
    throw new OperationError('RUN_RECORD', `cannot make the run directory ${directory}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function takeLock(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx');
    writeSync(descriptor, JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) }));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw new OperationError('RUN_RECORD', `cannot write ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function lockOwner(file: string): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return null;
  }
}
