import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { counted } from '../../base/text-table.ts';
import { ownerOf, type Settings } from '../../controller/settings.ts';
import { backUp, restore } from '../../journal/backup.ts';
import { directoryOf } from '../../journal/data-directory.ts';
import { lockHolderOf } from '../../journal/directory-lock.ts';
import { JournalError } from '../../journal/journal-error.ts';
import { viewFileOf } from '../../journal/view-file.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { ProgressBar } from './progress-bar.ts';

/**
 * Copies the journals of controllers, which may run.
 *
 * @param all the controllers of the cluster, or the one that was named
 * @returns the exit code
 */
export async function runBackup(all: readonly Settings[], given: string | null): Promise<number> {
  const target = directoryGiven(all[0]!, given);
  if (all.length === 1) return backUpInto(all, () => target, target);
  requireEmpty(target);
  const code = await backUpInto(all, (settings) => directoryOf(target, settings.self), target);
  return code;
}

async function backUpInto(
  all: readonly Settings[],
  targetOf: (settings: Settings) => string,
  target: string,
): Promise<number> {
  const isWhole = all.length > 1;
  const wasThere = existsSync(target);
  const bar = new ProgressBar('backing up', all.length);
  try {
    if (isWhole) mkdirSync(target, { recursive: true });
    // At the same time, so that the copies are of nearly the same moment.
    const done = await inWords(bar, () =>
      allEnded(
        all.map((settings) =>
          backUp(settings.dataDir, ownerOf(settings), targetOf(settings), bar.part(settings.self)),
        ),
      ),
    );
    for (const [index, { records }] of done.entries())
      say(
        `controller ${all[index]!.self} is backed up to ${targetOf(all[index]!)}: ${counted(records, 'record')}`,
      );
    return EXIT_OK;
  } catch (error) {
    if (isWhole) removeCopies(target, all.map(targetOf), wasThere);
    throw error;
  }
}

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
  const bar = new ProgressBar('restoring', all.length);
  for (const settings of all) requireNoLife(settings);
  const restored: Settings[] = [];
  try {
    for (const settings of all) {
      const from = sourceOf(source, settings, all.length > 1);
      const owner = ownerOf(settings);
      const { records, peers } = await inWords(bar, () =>
        restore(from, settings.dataDir, owner, bar.part(settings.self)),
      );
      restored.push(settings);
      const moved = peers === owner.peers ? '' : `; it was at ${peers}, and is at ${owner.peers} now`;
      say(`controller ${settings.self} is restored from ${from}: ${counted(records, 'record')}${moved}`);
    }
  } catch (error) {
    for (const { dataDir, self } of restored) rmSync(directoryOf(dataDir, self), { recursive: true });
    if (restored.length > 0) say('what was restored is removed again');
    throw error;
  }
  return EXIT_OK;
}

/** A backup of the whole cluster has one of each controller in it. */
function sourceOf(source: string, { self }: Settings, isWhole: boolean): string {
  const own = directoryOf(source, self);
  if (existsSync(own)) return own;
  if (!isWhole) return source;
  throw new OperationError(
    'NO_BACKUP',
    `${source} is no backup of a cluster of this size: it has no controller-${self}. Name the controller with -p`,
  );
}

function requireNoLife(settings: Settings): void {
  const { dataDir, self } = settings;
  const directory = directoryOf(dataDir, self);
  const pid = lockHolderOf(directory);
  if (pid !== null)
    throw new OperationError(
      'STILL_RUNNING',
      `controller ${self} is running (pid ${pid}): stop it before you restore it`,
    );
  const views = viewFileOf(dataDir, ownerOf(settings));
  if (existsSync(views))
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
