import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DATA_DIRECTORY, dataDirOf } from '../settings/configuration.ts';
import { nearPath } from './report.ts';

/**
 * One line for a start: where the data are, and whether there are any yet. It also names other data
 * directories in the run directory, because a level of the other kind or another number of controllers begins
 * with a directory of its own.
 */
export function dataInWords(dataDir: string, runDirectory: string): string {
  const own = dataDirOf(dataDir, runDirectory);
  if (own === '') return 'nowhere (data_dir is "-"): what the controllers know ends with them';
  const others = dataDirectoriesOf(runDirectory).filter((directory) => directory !== own);
  const found = hasControllers(own) ? 'with what is there' : 'new';
  const left = others.length > 0 ? `; left as it is: ${others.map(nearPath).join(', ')}` : '';
  return `${nearPath(own)} (${found})${left}`;
}

/** The directories in which controllers left data when no data directory was configured. */
export function dataDirectoriesOf(runDirectory: string): string[] {
  const base = resolve(runDirectory, DATA_DIRECTORY);
  return [base, ...namesIn(base).map((name) => join(base, name))].filter(hasControllers);
}

function hasControllers(directory: string): boolean {
  return namesIn(directory).some((name) => /^controller-\d+$/.test(name));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
