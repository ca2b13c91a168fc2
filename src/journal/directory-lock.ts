import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { JournalError, journalErrorOf } from './journal-error.ts';

/** Held by one process, until it lets go of it or ends. */
export interface Lock {
  release(): void;
}

/** Those that are in force: one that was collected as garbage would be closed, and so released. */
const LOCKS = new Set<DirectoryLock>();

/**
 * Keeps other processes off a controller's directory, for as long as this one lives: the lock is the kernel's,
 * by way of SQLite, so a killed process leaves none behind. It lies beside the directory, which may be renamed.
 */
export class DirectoryLock implements Lock {
  readonly #database: DatabaseSync;

  /** @throws JournalError LOCKED, or why it can't be made */
  constructor(directory: string) {
    const holderPath = `${directory}.pid`;
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(`${directory}.lock`, { timeout: LOOK_MS_MAX });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      writeFileSync(holderPath, `${process.pid}\n`, { mode: 0o600 });
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw lockedBy(directory, holderPath);
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

/** @returns the process that uses a controller's directory now; null: none does, or it can't be told */
export function holderOf(directory: string): number | null {
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

function pidIn(holderPath: string): number | null {
  try {
    const pid = Number(readFileSync(holderPath, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** Who only looks whether the lock is held keeps it for less than this, in milliseconds. */
const LOOK_MS_MAX = 250;

const SQLITE_BUSY = 5;
const SQLITE_CODES: Readonly<Record<number, string>> = { 8: 'EACCES', 13: 'ENOSPC', 14: 'EACCES' };

function lockedBy(directory: string, holderPath: string): JournalError {
  const pid = pidIn(holderPath);
  // It may have the lock, and not have written its number yet.
  const holder = pid === null ? 'another process' : `process ${pid}`;
  return new JournalError('LOCKED', `${directory} is in use by ${holder}: stop that one first`);
}

function systemErrorOf(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  const code = errcode === undefined ? undefined : SQLITE_CODES[errcode & 0xff];
  return code === undefined ? error : Object.assign(new Error(message), { code });
}
