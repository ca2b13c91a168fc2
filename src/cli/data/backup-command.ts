import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { counted } from '../../base/text-table.ts';
import { journalKindsOf, shardJournalsOf, viewsKindOf } from '../../controller/journal-kinds.ts';
import { ownerOf, type Settings } from '../../controller/settings.ts';
import { backUp, restore } from '../../journal/backup.ts';
import { directoryOf, type JournalKind, LEVELS_IN_WORDS, type Owner } from '../../journal/data-directory.ts';
import { lockHolderOf } from '../../journal/directory-lock.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { GroupDirectories } from '../../journal/group-directories.ts';
import { JournalError } from '../../journal/journal-error.ts';
import { viewFileOf } from '../../journal/view-file.ts';
import { SCHEMES } from '../../replication/schemes.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { furtherJournals, type JournalHere, journalsOf } from './journals-here.ts';
import { ProgressBar } from './progress-bar.ts';

/** Writes what a backup has beside the journals. */
type Complete = (target: string) => Promise<void>;

/**
 * Copies the journals of controllers, which may run.
 *
 * @param all the controllers of the cluster, or the one that was named
 * @param complete called when the journals are in the backup; null: they are all of it
 * @returns the exit code
 */
export async function runBackup(
  all: readonly Settings[],
  given: string | null,
  complete: Complete | null = null,
): Promise<number> {
  const target = directoryGiven(all[0]!, given);
  const journals = (await Promise.all(all.map(journalsOf))).flat();
  const isWhole = journals.length > 1 || complete !== null;
  if (isWhole) requireEmpty(target);
  const copies = journals.map((journal) => ({ ...journal, to: isWhole ? copyIn(target, journal) : target }));
  await backUpInto(copies, target, isWhole, complete);
  return EXIT_OK;
}

/** A journal has the same place in a backup as in the data directory. */
function copyIn(target: string, { settings, dataDir }: JournalHere): string {
  return directoryOf(join(target, relative(settings.dataDir, dataDir)), settings.self);
}

async function backUpInto(
  copies: readonly (JournalHere & { readonly to: string })[],
  target: string,
  isWhole: boolean,
  complete: Complete | null,
): Promise<void> {
  const wasThere = existsSync(target);
  const bar = new ProgressBar('backing up', copies.length);
  try {
    if (isWhole) for (const { to } of copies) mkdirSync(dirname(to), { recursive: true });
    // At the same time, so that the copies are of nearly the same moment.
    const done = await inWords(bar, () =>
      allEnded(copies.map(({ dataDir, owner, to }, index) => backUp(dataDir, owner, to, bar.part(index)))),
    );
    await complete?.(target);
    for (const [index, { records }] of done.entries()) {
      const { settings, to } = copies[index]!;
      say(`controller ${settings.self} is backed up to ${to}: ${counted(records, 'record')}`);
    }
    if (copies.some(({ isConfigured }, index) => !isConfigured && done[index]!.records > 0))
      say(LEVELS_CHANGED);
  } catch (error) {
    if (isWhole)
      removeCopies(
        target,
        copies.map(({ to }) => to),
        wasThere,
      );
    throw error;
  }
}

const LEVELS_CHANGED =
  'keyspaces have got other levels while the cluster ran; the backup has them at these, so set them in the ' +
  'configuration before you restore it (node main.ts level lists them)';

/** As `Promise.all`, but when one fails the others are waited for: what they write is removed only then. */
async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** A part of a cluster is no backup of it. */
function removeCopies(target: string, copies: readonly string[], wasThere: boolean): void {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  if (!wasThere) rmSync(target, { recursive: true, force: true });
}

/**
 * Makes backups the journals of controllers that are stopped and have none.
 *
 * @param all the controllers of the cluster, or the one that was named
 * @returns the exit code
 */
export async function runRestore(all: readonly Settings[], given: string | null): Promise<number> {
  const source = directoryGiven(all[0]!, given);
  for (const settings of all) await requireNoLife(settings);
  const journals = await sourcesOf(source, all);
  const bar = new ProgressBar('restoring', journals.length);
  const restored: Source[] = [];
  try {
    for (const [index, journal] of journals.entries()) {
      const { settings, owner, dataDir, from, kind } = journal;
      const { records, peers } = await inWords(bar, () =>
        restore({ directory: from, kind }, dataDir, owner, bar.part(index)),
      );
      restored.push(journal);
      const moved = peers === owner.peers ? '' : `; it was at ${peers}, and is at ${owner.peers} now`;
      say(`controller ${settings.self} is restored from ${from}: ${counted(records, 'record')}${moved}`);
    }
  } catch (error) {
    for (const { dataDir, settings } of restored)
      rmSync(directoryOf(dataDir, settings.self), { recursive: true });
    if (restored.length > 0) say('what was restored is removed again');
    throw error;
  }
  return EXIT_OK;
}

/** A journal in a backup, and what becomes of it. */
interface Source {
  readonly from: string;
  readonly kind: JournalKind;
  readonly settings: Settings;
  readonly owner: Owner;
  /** The directory that the journal's own directory is to be in. */
  readonly dataDir: string;
}

async function sourcesOf(source: string, all: readonly Settings[]): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (const settings of all) {
    found.push(...(await ofLevels(source, settings, all.length === 1)));
    for (const { kind, path } of shardJournalsOf(settings, null)) {
      const from = directoryOf(join(source, path), settings.self);
      if (!existsSync(from)) throw noBackupOf(source, settings, kind);
      found.push({
        from,
        kind,
        settings,
        owner: ownerOf(settings, kind),
        dataDir: join(settings.dataDir, path),
      });
    }
  }
  return found;
}

/** A backup of several journals has each in the place that it has in a data directory. */
async function ofLevels(source: string, settings: Settings, isAlone: boolean): Promise<readonly Source[]> {
  const { self, dataDir } = settings;
  const directories = new GroupDirectories(NODE_DISK, source, self);
  const kinds = journalKindsOf(settings);
  const further = new Map(
    (await furtherJournals(settings, directories)).map(({ kind, dataDir: place }) => [kind, place]),
  );
  const found: Source[] = [];
  const add = (from: string, kind: JournalKind, into: string, as = kind) =>
    found.push({ from, kind, settings, owner: ownerOf(settings, as), dataDir: into });
  const addFrom = (place: string, kind: JournalKind) =>
    add(directoryOf(place, self), kind, join(dataDir, relative(source, place)));
  for (const kind of kinds) {
    const place = await directories.existingJournalOf(kind);
    const apart = kind === 'ordered' ? further.get('broadcast') : undefined;
    if (place !== null) addFrom(place, kind);
    else if (apart !== undefined) {
      // The entries were beside an empty root group. As the levels are configured now, they are in that group.
      add(directoryOf(apart, self), 'broadcast', join(dataDir, kind), kind);
      further.delete('broadcast');
    } else if (kinds.length === 1 && existsSync(directoryOf(source, self))) {
      // It is of another kind: its identity says so.
      addFrom(source, kind);
    } else if (kinds.length === 1 && isAlone) add(source, kind, dataDir);
    else throw noBackupOf(source, settings, kind);
  }
  for (const [kind, place] of further) addFrom(place, kind);
  return found;
}

function noBackupOf(source: string, settings: Settings, kind: JournalKind): OperationError {
  const what = `${source} is no backup of a cluster of this size: it has no controller-${settings.self}`;
  const one = journalKindsOf(settings).length === 1;
  return new OperationError(
    'NO_BACKUP',
    one ? `${what}. Name the controller with -p` : `${what} of level ${LEVELS_IN_WORDS[kind]}`,
  );
}

async function requireNoLife(settings: Settings): Promise<void> {
  const { dataDir, self } = settings;
  const directory = directoryOf(dataDir, self);
  const pid = lockHolderOf(directory);
  if (pid !== null)
    throw new OperationError(
      'STILL_RUNNING',
      `controller ${self} is running (pid ${pid}): stop it before you restore it`,
    );
  const directories = new GroupDirectories(NODE_DISK, dataDir, self);
  const further = Object.values(SCHEMES).map(({ group }) => viewFileOf(dataDir, self, group));
  const ofShards = shardJournalsOf(settings, null).map(({ path }) => viewFileOf(join(dataDir, path), self));
  const root = viewFileOf(await directories.viewsOf(viewsKindOf(settings)), self);
  const all = [root, ...further, ...ofShards];
  const views = all.find((path) => existsSync(path));
  if (views !== undefined)
    throw new OperationError(
      'NOT_EMPTY',
      `${views} belongs to another run than the backup: move it away, and ${directory} with it`,
    );
}

function requireEmpty(target: string): void {
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new OperationError('NOT_EMPTY', `${target} is not empty: name another, or move what is there`);
}

function directoryGiven({ dataDir }: Settings, given: string | null): string {
  if (given === null) throw new UsageError('COMMAND_LINE', 'name the directory of the backup');
  if (dataDir === '') throw new UsageError('SETTING', 'data_dir is "-": there is no journal');
  return backupDirectory(given);
}

export function backupDirectory(given: string): string {
  return resolve(given);
}

/**
 * SIGINT and SIGTERM end the work at the next piece, so that nothing half is left.
 *
 * @param work begun only when the signals are caught: its first file may be there at once
 */
async function inWords<T>(bar: ProgressBar, work: () => Promise<T>): Promise<T> {
  const onSignal = (): void => bar.interrupt();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work();
  } catch (error) {
    if (error instanceof JournalError) throw new OperationError('JOURNAL', error.message, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    bar.clear();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
