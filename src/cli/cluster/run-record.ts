import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from '../../controller/directory.ts';
import type { Address } from '../../controller/settings.ts';
import { OperationError, reasonOf, systemCodeOf } from '../failure.ts';
import { birthOf, isAlive, type ProcessRecord } from './processes.ts';

/** A file, and how many bytes earlier runs had left in it. */
export interface LogPart {
  readonly file: string;
  readonly from: number;
}

/** A process of the cluster and where it listens. */
export interface Member extends ProcessRecord {
  readonly name: string;
  readonly address: Address;
  /** Files that say what it did, the most telling one first. */
  readonly logs: readonly LogPart[];
}

/** What `start` started, written as it goes, so that `stop` finds all of it whatever came between. */
export interface RunRecord {
  readonly format: 1;
  readonly cluster: string;
  readonly level: string;
  /** In words: which stores, and where they came from. */
  readonly stores: string;
  /** The docker compose project that holds the stores; null: none does. */
  readonly composeProject: string | null;
  readonly controllers: readonly Member[];
  readonly memcacheds: readonly Member[];
}

const RECORD_FILE = 'run.json';
const LOCK_FILE = 'run.lock';

/** @returns null when nothing was started here, or all of it has been stopped */
export function loadRunRecord(directory: string): RunRecord | null {
  const file = join(directory, RECORD_FILE);
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
    if (record.format === 1) return record;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw new OperationError(`cannot read what is running from ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  throw new OperationError(
    `${file} was written by another version of memchorus; stop the cluster with that one`,
  );
}

export function saveRunRecord(directory: string, record: RunRecord): void {
  const file = join(directory, RECORD_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeRunRecord(directory: string): void {
  rmSync(join(directory, RECORD_FILE), { force: true });
}

/**
 * Lets one `start` or `stop` at a time into a run directory. A lock whose owner is dead is taken over.
 *
 * @throws OperationError while another one is at it
 */
export async function withRunLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  const file = join(directory, LOCK_FILE);
  prepare(directory);
  if (!takeLock(file)) {
    const owner = lockOwner(file);
    if (owner !== null && isAlive(owner)) {
      throw new OperationError(`another start or stop is under way (pid ${owner.pid}); wait for it to end`);
    }
    rmSync(file, { force: true });
    if (!takeLock(file)) throw new OperationError('another start or stop is under way; wait for it to end');
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
    throw new OperationError(`cannot make the run directory ${directory}: ${reasonOf(error)}`, {
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
    throw new OperationError(`cannot write ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function lockOwner(file: string): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return null;
  }
}
