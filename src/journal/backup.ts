import { basename, join } from 'node:path';
import {
  type DirectoryIdentity,
  directoryOf,
  FLUSHED_NAME,
  type JournalKind,
  makeDirectory,
  type Owner,
  readAnyIdentity,
  readIdentity,
  refuseOthers,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { FlushedPosition } from './flushed-position.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import type { LogPosition } from './log-entry.ts';
import { LogFiles } from './log-files.ts';
import { partsOf, recoverLog } from './recovery.ts';

/** @param done bytes copied of `total` */
export type OnProgress = (done: number, total: number) => void;

/** The copy of a log, up to a position in it. */
interface CopyJob {
  readonly from: LogFiles;
  readonly to: LogFiles;
  readonly numbers: readonly number[];
  /** The bytes before this position are copied. */
  readonly end: LogPosition;
  readonly onProgress: OnProgress;
}

/**
 * Copies a journal to a directory, which is a journal directory then too. Another process may write to the journal
 * meanwhile.
 *
 *  1. The copy is made from the journal's files, and every checksum is verified.
 *  2. The journal only appends to its files, and notes about every tenth of a second how far they are on disk. The
 *     copy ends at the last position that was noted, so it is the journal as of one moment.
 *  3. When a compaction removes files that are being copied, the copy begins again.
 *
 * @param owner the owner that the journal has to have
 * @param directory is made; it must be empty if it exists. After a failure it does not exist
 * @throws JournalError
 */
export async function backUp(
  dataDir: string,
  owner: Owner,
  directory: string,
  onProgress: OnProgress,
  disk: Disk = NODE_DISK,
): Promise<{ readonly records: number }> {
  const source = directoryOf(dataDir, owner.controller);
  await makeEmpty(disk, directory);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return { records: await copyVerified(disk, source, directory, owner, onProgress) };
      } catch (error) {
        const moved = error instanceof DamageError || (error as NodeJS.ErrnoException).code === 'ENOENT';
        if (!moved || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  } catch (error) {
    await removeAll(disk, directory);
    await disk.removeDirectory(directory);
    if (error instanceof DamageError)
      throw new JournalError('DAMAGED', `${source} can't be backed up: ${error.message}`, error);
    throw journalErrorOf(error, source);
  }
}

/** How often a backup is begun, at the most, when a compaction removes its files. */
const ATTEMPTS_MAX = 5;

/** The copy of a journal. */
export interface Backup {
  readonly directory: string;
  readonly kind: JournalKind;
}

/**
 * Copies a backup to an empty data directory, and verifies every checksum. After a failure the directory is as before.
 *
 * @param owner the owner that the backup has to have; only its kind, and the addresses of the peers, may be others
 * @returns the number of records, and the addresses in the backup
 * @throws JournalError
 */
export async function restore(
  { directory: backup, kind }: Backup,
  dataDir: string,
  owner: Owner,
  onProgress: OnProgress,
  disk: Disk = NODE_DISK,
): Promise<{ readonly records: number; readonly peers: string }> {
  const directory = directoryOf(dataDir, owner.controller);
  try {
    const { peers } = await identityOf(disk, backup, { ...owner, consistency: kind });
    const records = await withEmpty(disk, dataDir, directory, async (partial) => {
      const source = { ...owner, consistency: kind, peers };
      const records = await copyVerified(disk, backup, partial, source, onProgress, owner);
      await disk.removeDirectory(directory);
      await disk.rename(partial, directory);
      await disk.syncDirectory(dataDir);
      return records;
    });
    return { records, peers };
  } catch (error) {
    // A file that ends early is an error without a code.
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof DamageError || code === undefined)
      throw new JournalError('DAMAGED', `${backup} is no whole backup (${message}): use another`, error);
    throw journalErrorOf(error, backup);
  }
}

/** @throws JournalError when the backup is not the owner's */
async function identityOf(disk: Disk, backup: string, owner: Owner): Promise<DirectoryIdentity> {
  const identity = await readAnyIdentity(disk, backup);
  if (identity === null) throw new DamageError('there is no identity in it');
  refuseOthers({ ...identity, peers: owner.peers }, owner, backup);
  const [was, is] = [identity.peers, owner.peers].map((peers) => peers.split(',').length);
  if (was === is) return identity;
  throw new JournalError('OTHER_OWNER', `${backup} is of a cluster of ${was} controllers, not ${is}`);
}

/**
 * Runs an action on an empty directory beside the controller's, which has to be empty too and is locked meanwhile.
 * After a failure both directories and the files of the lock are removed, except those that were there before.
 */
async function withEmpty<T>(
  disk: Disk,
  dataDir: string,
  directory: string,
  action: (partial: string) => Promise<T>,
): Promise<T> {
  await disk.makePath(dataDir);
  const names = new Set(await disk.list(dataDir));
  const lock = disk.lock(directory);
  const partial = `${directory}.restoring`;
  try {
    await makeEmpty(disk, directory);
    await makeDirectory(disk, partial);
    return await action(partial);
  } catch (error) {
    await removeDirectoryWithFiles(disk, partial);
    if (!names.has(basename(directory))) {
      await disk.removeDirectory(directory);
      for (const file of [`${directory}.lock`, `${directory}.pid`]) {
        if (!names.has(basename(file))) await disk.remove(file);
      }
    }
    throw error;
  } finally {
    lock.release();
  }
}

async function removeDirectoryWithFiles(disk: Disk, directory: string): Promise<void> {
  try {
    await removeAll(disk, directory);
    await disk.removeDirectory(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * Copies the part of a journal that is known to be on disk.
 *
 * @param copied the owner of the copy
 * @returns the number of records in the copy
 */
async function copyVerified(
  disk: Disk,
  source: string,
  target: string,
  owner: Owner,
  onProgress: OnProgress,
  copied = owner,
): Promise<number> {
  await removeAll(disk, target);
  const identity = await readIdentity(disk, source, owner);
  if (identity === null) throw new DamageError('there is no identity in it');
  const flushed = await FlushedPosition.open(disk, join(source, FLUSHED_NAME), identity.directoryId);
  await flushed.file.close();
  const end = flushed.position;
  const from = new LogFiles(disk, source);
  const to = new LogFiles(disk, target);
  try {
    const { base, logs } = partsOf(await from.list(), end);
    const known = logs.filter((number) => number <= end.file);
    const numbers = base === null ? known : [base, ...known];
    await copyLog({ from, to, numbers, end, onProgress });
    const { state } = await recoverLog(to, identity.directoryId, end);
    await complete(to, { ...identity, peers: copied.peers, consistency: copied.consistency }, end);
    return state.index.records;
  } finally {
    await from.close();
    await to.close();
  }
}

async function removeAll(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) await disk.remove(join(directory, name));
}

async function copyLog({ from, to, numbers, end, onProgress }: CopyJob): Promise<void> {
  const sizes = new Map<number, number>();
  for (const number of numbers) {
    sizes.set(number, number === end.file ? end.at : await (await from.get(number)).size());
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [number, size] of sizes) {
    const source = await from.get(number);
    const target = await to.create(number);
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const bytes = await source.read(at, Math.min(CHUNK_BYTES, size - at));
      await target.write(bytes, at);
      done += bytes.length;
      onProgress(done, total);
    }
    await target.sync();
  }
}

/** How much is copied at once, in bytes. */
const CHUNK_BYTES = 1_048_576;

/** Writes the identity last: a directory without one counts as empty. */
async function complete(files: LogFiles, identity: DirectoryIdentity, end: LogPosition): Promise<void> {
  const path = join(files.directory, FLUSHED_NAME);
  const flushed = await FlushedPosition.create(files.disk, path, identity.directoryId);
  await flushed.set(end);
  await flushed.sync();
  await flushed.close();
  await files.close();
  await writeIdentity(files.disk, files.directory, identity);
}

async function makeEmpty(disk: Disk, directory: string): Promise<void> {
  await makeDirectory(disk, directory);
  if ((await disk.list(directory)).length > 0)
    throw new JournalError('NOT_EMPTY', `${directory} is not empty: name another, or move what is there`);
}
