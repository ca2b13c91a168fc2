import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DurationHistogram } from '../base/duration-histogram.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { JOURNAL_KINDS, type JournalKind } from '../journal/data-directory.ts';
import { type Disk, NODE_DISK } from '../journal/disk.ts';
import { GroupDirectories } from '../journal/group-directories.ts';
import type { Journal } from '../journal/journal.ts';
import { placeErrorOf } from '../journal/journal-error.ts';
import { MemoryJournal } from '../journal/memory-journal.ts';
import type { OpenedJournal } from '../journal/open-journal.ts';
import { NOTHING_RECOVERED } from '../journal/recovered-state.ts';
import { kindOfViews, ViewFile, viewFileOf } from '../journal/view-file.ts';
import { MemoryViewLog, type ViewLog } from '../membership/view-record.ts';
import type { AbandonedGroup, GroupStorage } from './core-ports.ts';
import { FurtherViewFiles } from './further-view-files.ts';
import { groupsHere, type PlannedGroup, type RememberedPlacements } from './group-plan.ts';
import { SHARDS_DIRECTORY, viewsKindOf } from './journal-kinds.ts';
import type { Logger } from './log/logger.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { openJournals } from './open-journals.ts';
import { refuseOtherShards } from './placement-check.ts';
import { ownerOf, type Settings } from './settings.ts';
import type { JournalStatus } from './status/status.ts';
import type { StoragePorts } from './storage-ports.ts';

/** The part of a controller that outlives its process, as far as the settings demand it. */
export interface Storage {
  /** The groups with entries at the start, by number. */
  readonly planned: readonly PlannedGroup[];
  /** The journal of a group with entries. */
  readonly storageOf: (group: GroupNumber) => GroupStorage;
  /** Opens the journal of a further group, or makes it. @param done told why that was not possible */
  readonly openGroup: (plan: PlannedGroup, done: (opened: GroupStorage | string) => void) => void;
  /** Closes the journal of a group. */
  readonly closeGroup: (group: GroupNumber, done: () => void) => void;
  readonly viewLog: ViewLog;
  /** The number of entries of all groups. Expired entries count until they are removed. */
  readonly keys: number;
  /** The number of records of all groups, tombstones included. */
  readonly records: number;
  status(): JournalStatus;
  /** How long flushes of the journals took: one for each journal on disk. */
  readonly flushes: readonly DurationHistogram[];
  /** Resolves when everything is on disk, or the log says why it is not. */
  close(): Promise<void>;
}

const THIS_MACHINE: StoragePorts = { disk: NODE_DISK, clock: MACHINE_CLOCK };

/**
 * Opens the storage that an earlier run has left, or makes a new one.
 *
 * @param onWritable called when a journal takes writes again
 * @param abandoned the group whose data of an earlier run must not be used: they are set aside
 * @throws JournalError with one line that says what is wrong with the data directory and what to do
 */
export async function openStorage(
  settings: Settings,
  logger: Logger,
  onWritable: () => void,
  abandoned: AbandonedGroup | null = null,
  ports: StoragePorts = THIS_MACHINE,
): Promise<Storage> {
  const { dataDir, durability, self } = settings;
  if (dataDir !== '') await makeDataDir(ports.disk, dataDir);
  const directories = new GroupDirectories(ports.disk, dataDir, self);
  const views = await openViews(settings, logger, ports.disk, directories);
  const remembered = views?.load() ?? null;
  refuseOtherShards(settings, remembered);
  const planned = groupsHere(settings, remembered);
  const storages = new Map<GroupNumber, GroupStorage>();
  const further = new FurtherViewFiles(settings, logger, ports.disk);
  if (durability === 'none') {
    const open = async (plan: PlannedGroup) => ({
      journal: new MemoryJournal(),
      recovered: NOTHING_RECOVERED,
      viewLog: await further.open(plan),
    });
    for (const plan of planned) storages.set(plan.number, await open(plan));
    const closeGroup = async () => {};
    const kept = { status: () => IN_MEMORY, flushes: () => [], closeGroup, close: () => further.close() };
    return storageWith(settings, views, { planned, storages, open, ...kept });
  }
  const opening = { settings, remembered, logger, onWritable, abandoned, ports, directories };
  const journals = await openJournals(opening, planned);
  const { logs, closeGroup } = journals;
  const close = async () => {
    await further.close();
    await journals.close();
  };
  const open = async (plan: PlannedGroup) => {
    const viewLog = await further.open(plan);
    return { ...(await journals.open(plan)), viewLog };
  };
  try {
    for (const [place, plan] of planned.entries())
      storages.set(plan.number, { ...logs[place]!.log, viewLog: await further.open(plan) });
  } catch (error) {
    await close();
    throw error;
  }
  const status = () =>
    onDisk(
      logs.map(({ log }) => log),
      ports.clock.nowMs(),
    );
  const flushes = () => logs.map(({ log: { journal } }) => journal.flushes);
  return storageWith(settings, views, { planned, storages, open, closeGroup, status, flushes, close });
}

interface StorageSource {
  readonly planned: readonly PlannedGroup[];
  readonly storages: Map<GroupNumber, GroupStorage>;
  readonly open: (plan: PlannedGroup) => Promise<GroupStorage>;
  readonly closeGroup: (group: GroupNumber) => Promise<void>;
  readonly status: () => DiskStatus;
  readonly flushes: () => readonly DurationHistogram[];
  readonly close: () => Promise<void>;
}

function storageWith({ durability }: Settings, views: ViewFile | null, source: StorageSource): Storage {
  const { planned, storages, open } = source;
  const journals = () => [...storages.values()].map(({ journal }) => journal);
  const sum = (of: (journal: Journal) => number) =>
    journals().reduce((total, journal) => total + of(journal), 0);
  const records = () => sum((journal) => journal.records);
  return {
    planned,
    storageOf: (group) => storages.get(group)!,
    openGroup: (plan, done) => {
      open(plan).then(
        (opened) => {
          storages.set(plan.number, opened);
          done(opened);
        },
        (error: Error) => done(error.message),
      );
    },
    closeGroup: (group, done) => {
      storages.delete(group);
      void source.closeGroup(group).then(done);
    },
    get keys() {
      return sum((journal) => journal.keys);
    },
    get records() {
      return records();
    },
    get flushes() {
      return source.flushes();
    },
    status: () => ({
      ...source.status(),
      durability,
      reason:
        journals()
          .map(({ state }) => (state.writable ? '' : state.reason))
          .find((text) => text !== '') ?? '',
      entries: records(),
    }),
    viewLog: views ?? new MemoryViewLog(),
    close: async () => {
      await views?.close();
      await source.close();
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

function onDisk(logs: readonly OpenedJournal[], nowMs: number): DiskStatus {
  const sum = (of: (log: OpenedJournal) => number) => logs.reduce((total, log) => total + of(log), 0);
  const flushed = logs.flatMap(({ journal }) => journal.figures.flushedMs ?? []);
  return {
    backlogBytes: sum(({ journal }) => journal.figures.backlogBytes),
    diskBytes: sum(({ journal }) => journal.figures.diskBytes),
    lastFlushMs: flushed.length === 0 ? null : Math.round(nowMs - Math.max(...flushed)),
    recoveredEntries: sum(({ recovered }) => recovered.records),
    recoveredMs: Math.round(sum(({ recovered }) => recovered.milliseconds)),
  };
}

async function makeDataDir(disk: Disk, dataDir: string): Promise<void> {
  try {
    await disk.makePath(dataDir);
  } catch (error) {
    throw placeErrorOf(error, dataDir);
  }
}

/** What a controller remembers that has shards on disk; null where there is nothing. It may be running. */
export async function rememberedWithShards(settings: Settings): Promise<RememberedPlacements | null> {
  const { dataDir, self } = settings;
  if (!existsSync(join(dataDir, SHARDS_DIRECTORY))) return null;
  const directories = new GroupDirectories(NODE_DISK, dataDir, self);
  const views = await openViews(settings, { error: () => {} }, NODE_DISK, directories);
  return views?.load() ?? null;
}

/**
 * The record of the root group's views: that of the kind of root group that is configured, unless a record of another
 * kind has a placement. What was agreed while the cluster ran holds whatever is configured now, and so do the promises
 * that were given with it.
 */
async function openViews(
  settings: Settings,
  logger: Pick<Logger, 'error'>,
  disk: Disk,
  directories: GroupDirectories,
): Promise<ViewFile | null> {
  if (settings.dataDir === '') return null;
  const { dataDir } = settings;
  const configured = viewsKindOf(settings);
  const open = async (kind: JournalKind) => {
    const directory = await directories.viewsOf(kind);
    if (kind === configured) await makeDataDir(disk, directory);
    return ViewFile.open(disk, directory, ownerOf(settings, kind), (message) => logger.error(message));
  };
  const views = await open(configured);
  if (views.load()?.placement != null) return views;
  const found = await kindOfViews(disk, viewFileOf(dataDir, settings.self));
  const names = await disk.list(dataDir);
  for (const kind of JOURNAL_KINDS) {
    if (kind === configured || (kind !== found && !names.includes(kind))) continue;
    const others = await open(kind);
    if (others.load()?.placement != null) return others;
  }
  return views;
}
