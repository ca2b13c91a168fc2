import { join } from 'node:path';
import type { GroupNumber } from '../base/number-kinds.ts';
import {
  directoryOf,
  JOURNAL_KINDS,
  type JournalKind,
  LEVELS_IN_WORDS,
  readAnyIdentity,
} from '../journal/data-directory.ts';
import type { Lock } from '../journal/directory-lock.ts';
import type { Disk } from '../journal/disk.ts';
import type { GroupDirectories } from '../journal/group-directories.ts';
import { JournalError, placeErrorOf } from '../journal/journal-error.ts';
import {
  type JournalOptions,
  type OpenedJournal,
  openJournal,
  type RecoveryReport,
} from '../journal/open-journal.ts';
import { NO_VERSION, sameVersion, TICKS_PER_MS } from '../ordering/version.ts';
import { SCHEMES } from '../replication/schemes.ts';
import type { AbandonedGroup } from './core-ports.ts';
import { groupsHere, type PlannedGroup, type RememberedPlacements } from './group-plan.ts';
import { directoryOfShard, pathOfShard, SHARDS_DIRECTORY } from './journal-kinds.ts';
import type { Logger } from './log/logger.ts';
import { type PlacedLog, refuseMisplaced, refuseUnused } from './placement-check.ts';
import { ownerOf, type Settings } from './settings.ts';
import type { StoragePorts } from './storage-ports.ts';

export interface JournalOpening {
  readonly settings: Settings;
  /** The placements of an earlier run. */
  readonly remembered: RememberedPlacements | null;
  readonly logger: Logger;
  /** Called when a journal takes writes again. */
  readonly onWritable: () => void;
  /** The group whose journal must not be used: it is set aside. */
  readonly abandoned: AbandonedGroup | null;
  readonly ports: StoragePorts;
  readonly directories: GroupDirectories;
}

export interface OpenedJournals {
  /** Those of the groups with entries, by number. */
  readonly logs: readonly PlacedLog[];
  /** Opens the journal of a further group, or makes it. It is among `logs` from then on. */
  open(plan: PlannedGroup): Promise<OpenedJournal>;
  /** Closes the journal of a group, which is not among `logs` any more. */
  closeGroup(group: GroupNumber): Promise<void>;
  /** Resolves when everything is on disk, or the log says why it is not. */
  close(): Promise<void>;
}

/**
 * Opens the journals of all groups with entries, or makes them.
 *
 * @throws JournalError, also when an entry belongs to another group by the keyspaces as they are configured now
 */
export async function openJournals(
  opening: JournalOpening,
  planned: readonly PlannedGroup[],
): Promise<OpenedJournals> {
  const { settings, logger, ports } = opening;
  const logs: PlacedLog[] = [];
  let lock: Lock | null = null;
  const closing = new Set<Promise<void>>();
  const close = async () => {
    await Promise.all(closing);
    for (const { log } of logs) await closeLog(log, logger);
    lock?.release();
  };
  const closeGroup = async (group: GroupNumber) => {
    const at = logs.findIndex(({ number }) => number === group);
    if (at < 0) return;
    const [{ log }] = logs.splice(at, 1) as [PlacedLog];
    const closed = closeLog(log, logger);
    closing.add(closed);
    await closed;
    closing.delete(closed);
  };
  try {
    for (const kind of JOURNAL_KINDS) if (!isPlanned(kind, planned)) await lookIntoKind(opening, kind);
    await lookIntoShards(opening, planned);
    for (const [place, plan] of planned.entries()) logs.push(await openPlanned(opening, plan, place === 0));
    for (const placed of logs) refuseMisplaced(placed, settings, opening.remembered);
    // The command line finds the controller by this lock, wherever its journals are.
    if (logs.every(({ dataDir }) => dataDir !== settings.dataDir))
      lock = ports.disk.lock(directoryOf(settings.dataDir, settings.self));
  } catch (error) {
    await close();
    throw error;
  }
  const open = async (plan: PlannedGroup) => {
    const placed = await openPlanned(opening, plan, false);
    logs.push(placed);
    return placed.log;
  };
  return { logs, open, closeGroup, close };
}

function isPlanned(kind: JournalKind, planned: readonly PlannedGroup[]): boolean {
  return planned.some(({ scheme, shard }) => shard === null && SCHEMES[scheme].journal === kind);
}

async function openPlanned(
  opening: JournalOpening,
  { number, scheme, shard }: PlannedGroup,
  isFirst: boolean,
): Promise<PlacedLog> {
  const kind = SCHEMES[scheme].journal;
  const dataDir =
    shard === null
      ? await opening.directories.journalOf(kind, isFirst)
      : pathOfShard(opening.settings.dataDir, shard);
  try {
    await opening.ports.disk.makePath(dataDir);
  } catch (error) {
    throw placeErrorOf(error, dataDir);
  }
  return { number, kind, shard, dataDir, log: await openLog(opening, { number, scheme, shard }, dataDir) };
}

/** A journal of a kind that no keyspace needs must have no entries. */
async function lookIntoKind(opening: JournalOpening, kind: JournalKind): Promise<void> {
  const dataDir = await opening.directories.existingJournalOf(kind);
  const what = `level ${LEVELS_IN_WORDS[kind]}, which no keyspace has now`;
  if (dataDir !== null) await lookInto(opening, kind, dataDir, what);
}

/** The same for the journals of shards that this controller had in an earlier run, and does not have now. */
async function lookIntoShards(opening: JournalOpening, planned: readonly PlannedGroup[]): Promise<void> {
  const { settings, ports } = opening;
  const needed = planned.flatMap(({ shard }) => (shard === null ? [] : [directoryOfShard(shard)]));
  const all = join(settings.dataDir, SHARDS_DIRECTORY);
  for (const name of await namesIn(ports.disk, all)) {
    const dataDir = join(all, name);
    if (needed.includes(name)) continue;
    const identity = await readAnyIdentity(ports.disk, directoryOf(dataDir, settings.self));
    const what = 'a shard that this controller does not have now';
    if (identity !== null) await lookInto(opening, identity.consistency, dataDir, what);
  }
}

async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw placeErrorOf(error, directory);
  }
}

async function lookInto(
  opening: JournalOpening,
  kind: JournalKind,
  dataDir: string,
  what: string,
): Promise<void> {
  const log = await openJournal(journalOptions(opening, dataDir, kind));
  try {
    refuseUnused({ what, dataDir, log }, opening.settings);
  } finally {
    await closeLog(log, opening.logger);
  }
}

function journalOptions(
  { settings, logger, onWritable, ports }: JournalOpening,
  dataDir: string,
  kind: JournalKind,
): JournalOptions {
  return {
    disk: ports.disk,
    clock: ports.clock,
    timers: ports.timers,
    drawDirectoryId: ports.drawDirectoryId,
    segmentBytesMax: ports.segmentBytesMax,
    compactBytesMin: ports.compactBytesMin,
    dataDir,
    owner: ownerOf(settings, kind),
    onWritable,
    log: logger,
  };
}

async function openLog(
  opening: JournalOpening,
  { number, scheme, shard }: PlannedGroup,
  dataDir: string,
): Promise<OpenedJournal> {
  const { logger, abandoned } = opening;
  const { journal: kind, isOrdered } = SCHEMES[scheme];
  const opened = await openJournal({
    ...journalOptions(opening, dataDir, kind),
    refuse: (report) => {
      if (report.records === 0) return null;
      if (abandoned?.group === number) return abandoned.reason;
      return isOrdered ? whyUnusable(report) : null;
    },
  });
  const { records, entries, bytes, tornBytes, milliseconds, newestTime } = opened.recovered;
  if (opened.setAside !== null) {
    const { path, reason } = opened.setAside;
    logger.error('the journal is not usable; this controller starts empty, and takes all from its peers', {
      reason,
      setAside: path,
    });
  }
  const isOnly = groupsHere(opening.settings, opening.remembered).length === 1;
  const of = isOnly ? {} : { of: shard === null ? kind : directoryOfShard(shard) };
  logger.info('journal recovered', {
    ...of,
    records,
    entries,
    bytes,
    tornBytes,
    ms: Math.round(milliseconds),
  });
  if (newestTime <= NEWEST_TIME_MAX) return opened;
  await closeLog(opened, logger);
  throw new JournalError(
    'NO_TIME_LEFT',
    `the journal in ${dataDir} has versions of the end of version time, to which a wrong clock or a forged ` +
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
