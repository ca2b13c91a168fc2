import { basename, join } from 'node:path';
import {
  directoryOf,
  type Identity,
  MARK_NAME,
  makeDirectory,
  type Owner,
  readAnyIdentity,
  readIdentity,
  refuseOthers,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { FlushedMark } from './flushed-mark.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import type { Place } from './log-entry.ts';
import { LogFiles } from './log-files.ts';
import { partsOf, recoverLog } from './recovery.ts';

/** @param done bytes copied of `total` */
export type OnProgress = (done: number, total: number) => void;

/** A copy of a log, up to a place in it. */
interface Copy {
  readonly from: LogFiles;
  readonly to: LogFiles;
  readonly numbers: readonly number[];
  /** Of the last file only what is before it. */
  readonly end: Place;
  readonly onProgress: OnProgress;
}

/**
 * Writes what a journal knows to a directory, which is a data directory of its own; another process may be writing to the
 * journal meanwhile. It is taken from the journal's files: what was on disk about a tenth of
 * a second ago, every checksum verified. They are only ever appended to, up to a place that is noted, so what is
 * before that is of one moment. When a compaction takes files away meanwhile, it begins anew.
 *
 * @param owner whose journal it has to be
 * @param directory is made; it must not be there, or be empty. Nothing is in it when it fails
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

/** How often a backup is begun, at the most, when its files go away. */
const ATTEMPTS_MAX = 5;

/**
 * Fills an empty data directory with a backup, every checksum verified. Nothing is there when it fails.
 *
 * @param owner the backup has to be of the same, but that its peers may have had other addresses
 * @returns those addresses
 * @throws JournalError
 */
export async function restore(
  backup: string,
  dataDir: string,
  owner: Owner,
  onProgress: OnProgress,
  disk: Disk = NODE_DISK,
): Promise<{ readonly records: number; readonly peers: string }> {
  const directory = directoryOf(dataDir, owner.controller);
  try {
    const { peers } = await identityOf(disk, backup, owner);
    const records = await withEmpty(disk, dataDir, directory, async (partial) => {
      const records = await copyVerified(disk, backup, partial, { ...owner, peers }, onProgress, owner.peers);
      await disk.removeDirectory(directory);
      await disk.rename(partial, directory);
      await disk.syncDirectory(dataDir);
      return records;
    });
    return { records, peers };
  } catch (error) {
    // A file that ends early is an error without a code, a damaged one has a class of its own.
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof DamageError || code === undefined)
      throw new JournalError('DAMAGED', `${backup} is no whole backup (${message}): use another`, error);
    throw journalErrorOf(error, backup);
  }
}

/** @throws JournalError when the backup can't become the owner's */
async function identityOf(disk: Disk, backup: string, owner: Owner): Promise<Identity> {
  const identity = await readAnyIdentity(disk, backup);
  if (identity === null) throw new DamageError('there is no identity in it');
  refuseOthers({ ...identity, peers: owner.peers }, owner, backup);
  const [was, is] = [identity.peers, owner.peers].map((peers) => peers.split(',').length);
  if (was === is) return identity;
  throw new JournalError('OTHER_OWNER', `${backup} is of a cluster of ${was} controllers, not ${is}`);
}

/**
 * Runs an action on an empty directory beside the controller's, which is empty too and locked. When it fails, neither is
 * left, nor the lock's files, unless they were there before.
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
 * Copies what is known to be on disk.
 *
 * @param peers where the copy's controllers are
 * @returns how many records it has
 */
async function copyVerified(
  disk: Disk,
  source: string,
  target: string,
  owner: Owner,
  onProgress: OnProgress,
  peers = owner.peers,
): Promise<number> {
  await removeAll(disk, target);
  const identity = await readIdentity(disk, source, owner);
  if (identity === null) throw new DamageError('there is no identity in it');
  const { mark, place } = await FlushedMark.open(disk, join(source, MARK_NAME), identity.store);
  await mark.close();
  const from = new LogFiles(disk, source);
  const to = new LogFiles(disk, target);
  try {
    const { base, logs } = partsOf(await from.list(), place);
    const known = logs.filter((number) => number <= place.file);
    const numbers = base === null ? known : [base, ...known];
    await copyLog({ from, to, numbers, end: place, onProgress });
    const { state } = await recoverLog(to, identity.store, place, NODES_READ);
    await complete(to, { ...identity, peers }, place);
    return state.index.records;
  } finally {
    await from.close();
    await to.close();
  }
}

async function removeAll(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) await disk.remove(join(directory, name));
}

/** Origins that a log can name: a log is read here without knowing how many controllers there are. */
const NODES_READ = 256;

async function copyLog({ from, to, numbers, end, onProgress }: Copy): Promise<void> {
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

/** Copied at once, in bytes. */
const CHUNK_BYTES = 1_048_576;

/** The identity comes last: without it the directory is none. */
async function complete(files: LogFiles, identity: Identity, end: Place): Promise<void> {
  const mark = await FlushedMark.create(files.disk, join(files.directory, MARK_NAME), identity.store);
  await mark.set(end);
  await mark.sync();
  await mark.close();
  await files.close();
  await writeIdentity(files.disk, files.directory, identity);
}

async function makeEmpty(disk: Disk, directory: string): Promise<void> {
  await makeDirectory(disk, directory);
  if ((await disk.list(directory)).length > 0)
    throw new JournalError('NOT_EMPTY', `${directory} is not empty: name another, or move what is there`);
}
