import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { JournalError, journalErrorOf } from './journal-error.ts';

/** A lock that one process holds until it releases it or ends. */
export interface Lock {
  release(): void;
}

/**
 * The locks that this process holds: without a reference here the garbage collector would close, and so release
 * them.
 */
const LOCKS = new Set<DirectoryLock>();

/**
 * Keeps other processes away from a controller's directory. The lock is the kernel's, through SQLite, so it ends
 * with the process, also when that is killed. Its file lies beside the directory, since the directory may be
 * renamed.
 */
export class DirectoryLock implements Lock {
  readonly #database: DatabaseSync;

  /** @throws JournalError LOCKED, or with the reason of another failure */
  constructor(directory: string) {
    const pidPath = `${directory}.pid`;
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(`${directory}.lock`, { timeout: LOOK_MS_MAX });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw lockedBy(directory, pidPath);
      throw journalErrorOf(systemErrorOf(error), directory);
    }
    this.#database = database;
    LOCKS.add(this);
  }

  release(): void {
    LOCKS.delete(this);
    this.#database.close();
  }
}

/** @returns the process that uses a controller's directory now; null when there is none, or it is not known */
export function lockHolderOf(directory: string): number | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(`${directory}.lock`, { readOnly: true, timeout: 0 });
    database.prepare('SELECT 1 FROM sqlite_schema').get();
    return null;
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) return null;
    return pidIn(`${directory}.pid`);
  } finally {
    database?.close();
  }
}

function pidIn(pidPath: string): number | null {
  try {
    const pid = Number(readFileSync(pidPath, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** A process that only looks whether the lock is held has it for less time than this, in milliseconds. */
const LOOK_MS_MAX = 250;

const SQLITE_BUSY = 5;
const SQLITE_CODES: Readonly<Record<number, string>> = { 8: 'EACCES', 13: 'ENOSPC', 14: 'EACCES' };

function lockedBy(directory: string, pidPath: string): JournalError {
  const pid = pidIn(pidPath);
  // The other process may have the lock and not have written its number yet.
  const holder = pid === null ? 'another process' : `process ${pid}`;
  return new JournalError('LOCKED', `${directory} is in use by ${holder}: stop that one first`);
}

function systemErrorOf(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  const code = errcode === undefined ? undefined : SQLITE_CODES[errcode & 0xff];
  return code === undefined ? error : Object.assign(new Error(message), { code });
}
