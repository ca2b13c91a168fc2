import { basename, join } from 'node:path';
import type { GroupNumber } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { type Configuration, newerConfiguration } from '../placement/configuration.ts';
import { JOURNAL_KINDS, type Owner } from './data-directory.ts';
import type { Disk } from './disk.ts';
import { viewFileOf } from './view-file.ts';
import { newestRecord } from './view-slots.ts';

/** What the records of views in a data directory say of the controllers of their cluster. */
export interface AgreedOnDisk {
  /** The newest configuration of a view that was installed. Null: that of the configuration file. */
  readonly installed: Configuration | null;
  /** The newest one of a view that was accepted. That view may never have been installed. */
  readonly accepted: Configuration | null;
}

/**
 * Reads the records of the root group's views of all controllers that have their files in this data directory. The
 * controllers may run. Damaged records, and those of other clusters, count for nothing.
 */
export async function agreedOnDisk(
  disk: Disk,
  dataDir: string,
  { cluster, peers }: Pick<Owner, 'cluster' | 'peers'>,
): Promise<AgreedOnDisk> {
  const records = await viewsOnDisk(disk, dataDir, { cluster, peers });
  return {
    installed: newestOf(records.map(({ installedConfiguration }) => installedConfiguration ?? null)),
    accepted: newestOf(records.map(({ configuration }) => configuration ?? null)),
  };
}

/** A record of views as it is stored. */
export interface StoredViews extends Owner {
  readonly configuration?: Configuration | null;
  readonly installedConfiguration?: Configuration | null;
}

/** The records of one group that are in a data directory, of all controllers. */
export async function viewsOnDisk(
  disk: Disk,
  dataDir: string,
  { cluster, peers }: Pick<Owner, 'cluster' | 'peers'>,
  group: GroupNumber = ROOT_GROUP,
): Promise<readonly StoredViews[]> {
  const records: StoredViews[] = [];
  const own = basename(viewFileOf(dataDir, 0, group)).replace('controller-0', '');
  for (const directory of [dataDir, ...JOURNAL_KINDS.map((kind) => join(dataDir, kind))]) {
    for (const name of await namesIn(disk, directory)) {
      if (!/^controller-\d+\./.test(name) || name.replace(/^controller-\d+/, '') !== own) continue;
      const found = newestRecord(await disk.readAll(join(directory, name)));
      const record = found === null ? null : (JSON.parse(found.text) as StoredViews);
      if (record?.cluster === cluster && record.peers === peers) records.push(record);
    }
  }
  return records;
}

/** The newest of these configurations; null when there is none. */
export function newestOf(configurations: readonly (Configuration | null)[]): Configuration | null {
  return configurations.reduce((newest, one) => {
    return newest === null || one === null ? (newest ?? one) : newerConfiguration(newest, one);
  }, null);
}

async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
