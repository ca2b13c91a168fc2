import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import {
  type DirectoryIdentity,
  directoryOf,
  FLUSHED_NAME,
  makeDirectory,
  newIdentity,
  type Owner,
  raiseFormat,
  readIdentity,
  setAside,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { DiskJournal } from './disk-journal.ts';
import { FlushedPosition } from './flushed-position.ts';
import { DamageError, journalErrorOf } from './journal-error.ts';
import { LogFiles } from './log-files.ts';
import type { RecoveredState } from './recovered-state.ts';
import { type Recovered, recoverLog } from './recovery.ts';
import { NODE_TIMERS, type Timers } from './timers.ts';

export interface JournalOptions {
  /** Is made if it does not exist; the directory above it has to. Each controller has a directory in it. */
  readonly dataDir: string;
  readonly owner: Owner;
  /** A recorded write is on disk after this time and the time that the disk needs, in milliseconds. */
  readonly commitWithinMs?: number;
  /** The time from a failure of the disk to the next attempt, in milliseconds. */
  readonly retryAfterMs?: number;
  /** When a log file has grown to this size, another one is begun, in bytes. */
  readonly segmentBytesMax?: number | undefined;
  /** Where there is enough free space, a smaller log is not compacted, in bytes. */
  readonly compactBytesMin?: number | undefined;
  /** While more bytes than this wait for the disk, the journal is not writable. */
  readonly backlogBytesMax?: number;
  /** Says why a journal that was recovered must not be used; it is set aside, as a damaged one is. Null: it may be. */
  readonly refuse?: (recovered: RecoveryReport) => string | null;
  /** Called when the journal is writable again. */
  readonly onWritable?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk?: Disk;
  readonly timers?: Timers | undefined;
  /** Draws the number that tells the files of one directory from those of another: 1 … 2³² − 1. */
  readonly drawDirectoryId?: (() => number) | undefined;
}

export interface OpenedJournal {
  readonly journal: DiskJournal;
  readonly recovered: RecoveryReport;
  /** Gives up the lock on the directory; to be called after `journal.close()`. */
  readonly release: () => void;
  /**
   * Not null when the journal that was there was damaged: it has been set aside, and this journal is empty. The
   * controller has to copy the state of its peers before it serves, or promises or accepts a view.
   */
  readonly setAside: { readonly path: string; readonly reason: string } | null;
}

export interface RecoveryReport extends RecoveredState {
  readonly records: number;
  readonly entries: number;
  readonly bytes: number;
  /** Bytes of a torn batch: writes that were never confirmed. */
  readonly tornBytes: number;
  readonly milliseconds: number;
}

export const COMMIT_WITHIN_MS_DEFAULT = 50;
const RETRY_AFTER_MS_DEFAULT = 250;
const BACKLOG_BYTES_MAX_DEFAULT = 16_777_216;
const SEGMENT_BYTES_DEFAULT = 268_435_456;
const COMPACT_BYTES_MIN_DEFAULT = 67_108_864;

/**
 * Opens the journal of a controller, or makes it.
 *
 * @throws JournalError with one line that says what is wrong with the directory, and what to do
 */
export async function openJournal(options: JournalOptions): Promise<OpenedJournal> {
  const { dataDir, owner, disk = NODE_DISK } = options;
  const directory = directoryOf(dataDir, owner.controller);
  await makeDirectory(disk, dataDir);
  const lock = disk.lock(directory);
  const release = () => lock.release();
  try {
    await makeDirectory(disk, directory);
    try {
      return { ...(await load(options, disk, directory)), release, setAside: null };
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      const path = await setAside(disk, directory, new Date(options.clock.wallMs()));
      await makeDirectory(disk, directory);
      const made = await load(options, disk, directory);
      return { ...made, release, setAside: { path, reason: error.message } };
    }
  } catch (error) {
    lock.release();
    throw journalErrorOf(error, directory);
  }
}

type Loaded = Pick<OpenedJournal, 'journal' | 'recovered'>;

async function load(options: JournalOptions, disk: Disk, directory: string): Promise<Loaded> {
  const startedMs = options.clock.nowMs();
  const files = new LogFiles(disk, directory);
  const identity =
    (await readIdentity(disk, directory, options.owner)) ??
    (await make(files, newIdentity(options.owner, options.drawDirectoryId)));
  const { directoryId } = identity;
  const flushed = await FlushedPosition.open(disk, join(directory, FLUSHED_NAME), directoryId);
  let recovered: Recovered;
  try {
    recovered = await recoverLog(files, directoryId, flushed.position);
    await files.create(recovered.end.file);
    await raiseFormat(disk, directory, identity);
    await flushed.file.set(recovered.end);
    await flushed.file.sync();
  } catch (error) {
    await flushed.file.close();
    await files.close();
    throw error;
  }
  const { state, end, nextBatch, oldest, baseBytes, logBytes, entries, tornBytes } = recovered;
  const journal = new DiskJournal({
    files,
    identity,
    flushedPosition: flushed.file,
    state,
    end,
    nextBatch,
    oldest,
    baseBytes,
    logBytes,
    commitWithinMs: options.commitWithinMs ?? COMMIT_WITHIN_MS_DEFAULT,
    retryAfterMs: options.retryAfterMs ?? RETRY_AFTER_MS_DEFAULT,
    segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_DEFAULT,
    compactBytesMin: options.compactBytesMin ?? COMPACT_BYTES_MIN_DEFAULT,
    backlogBytesMax: options.backlogBytesMax ?? BACKLOG_BYTES_MAX_DEFAULT,
    timers: options.timers ?? NODE_TIMERS,
    onWritable: options.onWritable ?? (() => {}),
    clock: options.clock,
    log: options.log,
  });
  const report: RecoveryReport = {
    records: state.index.records,
    entries,
    bytes: baseBytes + logBytes,
    tornBytes,
    milliseconds: options.clock.nowMs() - startedMs,
    watermarks: state.watermarks,
    staged: state.staged.all().map(({ effect }) => effect),
    incomplete: state.incomplete,
    newestTime: state.newestTime,
    journalName: journalNameOf(identity),
    lastCommit: journal.lastCommit,
  };
  const refusal = options.refuse?.(report) ?? null;
  if (refusal !== null) {
    await journal.close();
    throw new DamageError(refusal);
  }
  return { journal, recovered: report };
}

/** A name that no other journal has. It is part of the sentinel in the store. */
export function journalNameOf({ directoryId }: DirectoryIdentity): string {
  return `j${directoryId.toString(36)}`;
}

/** Writes the identity last: a directory without one counts as empty, and is made again. */
async function make(files: LogFiles, identity: DirectoryIdentity): Promise<DirectoryIdentity> {
  const { disk, directory } = files;
  for (const number of await files.list()) {
    const file = await files.get(number);
    if ((await file.size()) > 0) throw new DamageError('the identity is missing');
  }
  await files.close();
  const flushed = await FlushedPosition.create(disk, join(directory, FLUSHED_NAME), identity.directoryId);
  await flushed.close();
  await disk.syncDirectory(directory);
  await disk.syncDirectory(dirname(directory));
  await writeIdentity(disk, directory, identity);
  return identity;
}
