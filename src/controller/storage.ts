import { type Disk, NODE_DISK } from '../journal/disk.ts';
import type { Journal } from '../journal/journal.ts';
import { JournalError, placeErrorOf } from '../journal/journal-error.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import {
  type JournalOptions,
  type OpenedJournal,
  openJournal,
  type RecoveryReport,
} from '../journal/open-journal.ts';
import { NOTHING_RECOVERED, type RecoveredState } from '../journal/recovered-state.ts';
import { ViewFile } from '../journal/view-file.ts';
import { MemoryViewLog, type ViewLog } from '../membership/view-record.ts';
import { NO_VERSION, sameVersion, TICKS_PER_MS } from '../ordering/version.ts';
import type { Logger } from './log/logger.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { ownerOf, type Settings } from './settings.ts';
import type { JournalStatus } from './status/status.ts';

/** The part of a controller that outlives its process, as far as the settings demand it. */
export interface Storage {
  readonly journal: Journal;
  readonly viewLog: ViewLog;
  readonly recovered: RecoveredState;
  status(): JournalStatus;
  /** Resolves when everything is on disk, or the log says why it is not. */
  close(): Promise<void>;
}

/** The disk, clock and timers that a storage uses, and the dimensions of its journal. */
export interface StoragePorts
  extends Pick<
    JournalOptions,
    'clock' | 'timers' | 'drawDirectoryId' | 'segmentBytesMax' | 'compactBytesMin'
  > {
  readonly disk: Disk;
}

const THIS_MACHINE: StoragePorts = { disk: NODE_DISK, clock: MACHINE_CLOCK };

/**
 * Opens the storage that an earlier run has left, or makes a new one.
 *
 * @param onWritable called when the journal takes writes again
 * @param abandon why the data of an earlier run must not be used: they are set aside
 * @throws JournalError with one line that says what is wrong with the data directory and what to do
 */
export async function openStorage(
  settings: Settings,
  logger: Logger,
  onWritable: () => void,
  abandon: string | null = null,
  ports: StoragePorts = THIS_MACHINE,
): Promise<Storage> {
  const { dataDir, durability, peers } = settings;
  if (dataDir !== '') await makeDataDir(ports.disk, dataDir);
  const views = await openViews(settings, logger, ports.disk);
  const opened = durability === 'none' ? null : await openLog(settings, logger, onWritable, abandon, ports);
  const journal = opened?.journal ?? new MemoryJournal(peers.length);
  return {
    journal,
    status: () => ({
      ...(opened === null ? IN_MEMORY : onDisk(opened, ports.clock.nowMs())),
      durability,
      reason: journal.state.writable ? '' : journal.state.reason,
      entries: journal.records,
    }),
    viewLog: views ?? new MemoryViewLog(),
    recovered: opened?.recovered ?? NOTHING_RECOVERED,
    close: async () => {
      await views?.close();
      if (opened !== null) await closeLog(opened, logger);
    },
  };
}

type DiskStatus = Omit<JournalStatus, 'durability' | 'reason' | 'entries'>;

const IN_MEMORY: DiskStatus = {
  backlogBytes: 0,
  diskBytes: 0,
  lastFlushMs: null,
  recoveredEntries: 0,
  recoveredMs: 0,
};

function onDisk({ journal, recovered }: OpenedJournal, nowMs: number): DiskStatus {
  const { backlogBytes, diskBytes, flushedMs } = journal.figures;
  return {
    backlogBytes,
    diskBytes,
    lastFlushMs: flushedMs === null ? null : Math.round(nowMs - flushedMs),
    recoveredEntries: recovered.records,
    recoveredMs: Math.round(recovered.milliseconds),
  };
}

async function makeDataDir(disk: Disk, dataDir: string): Promise<void> {
  try {
    await disk.makePath(dataDir);
  } catch (error) {
    throw placeErrorOf(error, dataDir);
  }
}

async function openViews(settings: Settings, logger: Logger, disk: Disk): Promise<ViewFile | null> {
  if (settings.dataDir === '') return null;
  return ViewFile.open(disk, settings.dataDir, ownerOf(settings), (message) => logger.error(message));
}

async function openLog(
  settings: Settings,
  logger: Logger,
  onWritable: () => void,
  abandon: string | null,
  ports: StoragePorts,
): Promise<OpenedJournal> {
  const owner = ownerOf(settings);
  const opened = await openJournal({
    disk: ports.disk,
    clock: ports.clock,
    timers: ports.timers,
    drawDirectoryId: ports.drawDirectoryId,
    segmentBytesMax: ports.segmentBytesMax,
    compactBytesMin: ports.compactBytesMin,
    dataDir: settings.dataDir,
    owner,
    nodes: settings.peers.length,
    refuse: (report) => {
      if (report.records === 0) return null;
      return abandon ?? (owner.consistency === 'ordered' ? whyUnusable(report) : null);
    },
    onWritable,
    log: logger,
  });
  const { records, entries, bytes, tornBytes, milliseconds, newestTime } = opened.recovered;
  if (opened.setAside !== null) {
    const { path, reason } = opened.setAside;
    logger.error('the journal is not usable; this controller starts empty, and takes all from its peers', {
      reason,
      setAside: path,
    });
  }
  logger.info('journal recovered', { records, entries, bytes, tornBytes, ms: Math.round(milliseconds) });
  if (newestTime <= NEWEST_TIME_MAX) return opened;
  await closeLog(opened, logger);
  throw new JournalError(
    'NO_TIME_LEFT',
    `the journal in ${settings.dataDir} has versions of the end of version time, to which a wrong clock or a forged ` +
      'message has brought them: stop all controllers, and give them times of today with rebase-clock ' +
      '(docs/operation.md)',
  );
}

/**
 * The newest version time that a journal may start with. Within the last year of version time, the counter of
 * a clock that cannot follow time any more might overflow.
 */
const NEWEST_TIME_MAX = Number.MAX_SAFE_INTEGER - 365 * 86_400_000 * TICKS_PER_MS;

/**
 * A state into which a transfer has brought some writes and not all is one that no member ever had: no
 * controller may continue from it.
 */
function whyUnusable({ watermarks }: RecoveryReport): string | null {
  return sameVersion(watermarks.applied, NO_VERSION) ? HALF_TAKEN_OVER : null;
}

export const HALF_TAKEN_OVER = 'it ends while a state was being taken over from a peer';

async function closeLog({ journal, release }: OpenedJournal, logger: Logger): Promise<void> {
  try {
    await journal.close();
  } catch (error) {
    logger.error('the journal could not be closed; its last writes may not be on disk', {
      reason: (error as Error).message,
    });
  }
  release();
}
