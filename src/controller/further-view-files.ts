import type { Disk } from '../journal/disk.ts';
import { placeErrorOf } from '../journal/journal-error.ts';
import { ViewFile } from '../journal/view-file.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { MemoryViewLog, type ViewLog } from '../membership/view-record.ts';
import { SCHEMES } from '../replication/schemes.ts';
import type { PlannedGroup } from './group-plan.ts';
import { directoryOfShard, pathOfShard } from './journal-kinds.ts';
import type { Logger } from './log/logger.ts';
import { ownerOf, type Settings } from './settings.ts';

/**
 * The records of views of the ordered groups beside the root group: a file each. Of a group with whole keyspaces the
 * file is in the data directory itself, and its name tells the group. Of a shard it is beside the journal, in the
 * directory that tells the shard, since another configuration may give the group of the shard another number.
 *
 * A record stays when its group has no keyspace any more, because what was promised holds when the group is begun
 * again.
 */
export class FurtherViewFiles {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #disk: Disk;
  /** By the name of the group or shard: the number of a group may be given to another one later. */
  readonly #files = new Map<string, ViewFile>();

  constructor(settings: Settings, logger: Logger, disk: Disk) {
    this.#settings = settings;
    this.#logger = logger;
    this.#disk = disk;
  }

  /** @throws JournalError when the record can't be read, or is another cluster's */
  async open({ number, scheme, shard }: PlannedGroup): Promise<ViewLog> {
    const { dataDir } = this.#settings;
    const { isOrdered, journal, word } = SCHEMES[scheme];
    if (number === ROOT_GROUP || !isOrdered || dataDir === '') return new MemoryViewLog();
    const name = shard === null ? word : directoryOfShard(shard);
    const open = this.#files.get(name);
    if (open !== undefined) return open;
    const onError = (message: string) => this.#logger.error(message, { of: name });
    const owner = ownerOf(this.#settings, journal);
    const directory = shard === null ? dataDir : pathOfShard(dataDir, shard);
    await makePath(this.#disk, directory);
    const file = await ViewFile.open(
      this.#disk,
      directory,
      owner,
      onError,
      shard === null ? number : ROOT_GROUP,
    );
    this.#files.set(name, file);
    return file;
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

async function makePath(disk: Disk, directory: string): Promise<void> {
  try {
    await disk.makePath(directory);
  } catch (error) {
    throw placeErrorOf(error, directory);
  }
}
