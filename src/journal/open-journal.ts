import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import {
  directoryOf,
  type Identity,
  MARK_NAME,
  makeDirectory,
  newIdentity,
  type Owner,
  readIdentity,
  setAside,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { DiskJournal } from './disk-journal.ts';
import { FlushedMark } from './flushed-mark.ts';
import { DamageError, journalErrorOf } from './journal-error.ts';
import { LogFiles } from './log-files.ts';
import type { RecoveredState } from './recovered-state.ts';
import { type Recovered, recoverLog } from './recovery.ts';
import { NODE_TIMERS, type Timers } from './timers.ts';

export interface JournalOptions {
  /** Made when it is not there; the directory above it has to be. Each controller has a directory in it. */
  readonly dataDir: string;
  readonly owner: Owner;
  /** How many controllers there are. */
  readonly nodes: number;
  /** What is recorded is on disk within this time and what the disk takes, in milliseconds. */
  readonly commitWithinMs?: number;
  /** How long after a failure the disk is tried again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** A file that has grown to this is followed by another, in bytes. */
  readonly segmentBytesMax?: number | undefined;
  /** Where there is room, a log that is smaller is not compacted, in bytes. */
  readonly compactBytesMin?: number | undefined;
  /** While more than this waits for the disk, the journal is not writable, in bytes. */
  readonly backlogBytesMax?: number;
  /** Why what was recovered is no good all the same; it is set aside then, as if it were damaged. */
  readonly refuse?: (recovered: RecoveryReport) => string | null;
  /** The journal is writable again. */
  readonly onWritable?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk?: Disk;
  readonly timers?: Timers | undefined;
  /** Draws the number that tells the files of a directory from those of another: 1 … 2³² − 1. */
  readonly drawStore?: (() => number) | undefined;
}

export interface OpenedJournal {
  readonly journal: DiskJournal;
  readonly recovered: RecoveryReport;
  /** Frees the directory; after `journal.close()`. */
  readonly release: () => void;
  /**
   * What was there was damaged, and lies beside it now: this journal is empty, and the controller has to be
   * rebuilt from its peers before it serves, or takes part in any vote.
   */
  readonly setAside: { readonly path: string; readonly reason: string } | null;
}

export interface RecoveryReport extends RecoveredState {
  readonly records: number;
  readonly entries: number;
  readonly bytes: number;
  /** What a crash had left of writes that were never confirmed, in bytes. */
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
 * @throws JournalError with one line that says what is wrong with the directory and what to do
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
    (await make(files, newIdentity(options.owner, options.drawStore)));
  const { store } = identity;
  const { mark, place } = await FlushedMark.open(disk, join(directory, MARK_NAME), store);
  let recovered: Recovered;
  try {
    recovered = await recoverLog(files, store, place, options.nodes);
    await files.create(recovered.end.file);
    await mark.set(recovered.end);
    await mark.sync();
  } catch (error) {
    await mark.close();
    await files.close();
    throw error;
  }
  const { state, end, nextBatch, oldest, baseBytes, logBytes, entries, tornBytes } = recovered;
  const journal = new DiskJournal({
    files,
    identity,
    mark,
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
    marks: state.marks,
    held: state.held.all().map(({ effect }) => effect),
    newestTime: state.newestTime,
    identity: journalNameOf(identity),
    position: journal.position,
  };
  const refusal = options.refuse?.(report) ?? null;
  if (refusal !== null) {
    await journal.close();
    throw new DamageError(refusal);
  }
  return { journal, recovered: report };
}

/** Names a journal among all that there are: it is part of the mark in the store. */
export function journalNameOf({ store }: Identity): string {
  return `j${store.toString(36)}`;
}

/** The identity comes last: a directory without one, in which nothing was written yet, is made again. */
async function make(files: LogFiles, identity: Identity): Promise<Identity> {
  const { disk, directory } = files;
  for (const number of await files.list()) {
    const file = await files.get(number);
    if ((await file.size()) > 0) throw new DamageError('the identity is missing');
  }
  await files.close();
  const mark = await FlushedMark.create(disk, join(directory, MARK_NAME), identity.store);
  await mark.close();
  await disk.syncDirectory(directory);
  await disk.syncDirectory(dirname(directory));
  await writeIdentity(disk, directory, identity);
  return identity;
}
