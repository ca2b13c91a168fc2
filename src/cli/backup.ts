import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ownerOf, type Settings } from '../controller/settings.ts';
import { backUp, type OnProgress, restore } from '../journal/backup.ts';
import { directoryOf } from '../journal/data-directory.ts';
import { JournalError } from '../journal/journal-error.ts';
import { viewFileOf } from '../journal/view-file.ts';
import { EXIT_OK, OperationError, UsageError } from './failure.ts';

/** Copies the journal of a controller, which may run. @returns the exit code */
export async function runBackup(settings: Settings, given: string | null): Promise<number> {
  const target = directoryGiven(settings, given);
  const { records } = await inWords(
    backUp(settings.dataDir, ownerOf(settings), target, progressBar('backing up')),
  );
  return say(`controller ${settings.self} is backed up to ${target}: ${records} records`);
}

/** Makes a backup the journal of a controller that is stopped and has none. @returns the exit code */
export async function runRestore(settings: Settings, given: string | null): Promise<number> {
  const source = directoryGiven(settings, given);
  const { dataDir } = settings;
  const owner = ownerOf(settings);
  const views = viewFileOf(dataDir, owner);
  if (existsSync(views)) {
    throw new OperationError(
      `${views} is of another life than the backup: move it away, and ${directoryOf(dataDir, owner.controller)} with it`,
    );
  }
  const { records } = await inWords(restore(source, dataDir, owner, progressBar('restoring')));
  return say(`controller ${settings.self} is restored from ${source}: ${records} records`);
}

function directoryGiven({ dataDir }: Settings, given: string | null): string {
  if (given === null) throw new UsageError('name the directory of the backup');
  if (dataDir === '') throw new UsageError('data_dir is "-": there is no journal');
  return resolve(given);
}

async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof JournalError) throw new OperationError(error.message, { cause: error });
    throw error;
  } finally {
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  }
}

function say(line: string): number {
  process.stdout.write(`${line}\n`);
  return EXIT_OK;
}

/** On a terminal, redrawn when another cell of it is full. */
function progressBar(what: string): OnProgress {
  let drawn = -1;
  return (done, total) => {
    const cells = Math.floor((done / total) * BAR_CELLS);
    if (!process.stderr.isTTY || cells === drawn) return;
    drawn = cells;
    const bar = '#'.repeat(cells).padEnd(BAR_CELLS, '.');
    process.stderr.write(`${CLEAR_LINE}${what} [${bar}] ${Math.floor((done / total) * 100)} %`);
  };
}

const BAR_CELLS = 40;
const CLEAR_LINE = '\r\u001b[K';
