import { join } from 'node:path';
import { directoryOf, type JournalKind, readAnyIdentity } from './data-directory.ts';
import type { Disk } from './disk.ts';
import { DamageError } from './journal-error.ts';
import { kindOfViews, viewFileOf } from './view-file.ts';

/**
 * Where the files of a controller's groups are. A cluster with one kind of level has all of them in the data directory
 * itself. Where there are several kinds, one of them is there: the kind whose files were there first. Each other kind
 * has a directory of its own in the data directory, with the name of the kind. So the files of a kind never move,
 * whatever keyspaces come and go.
 */
export class GroupDirectories {
  readonly #disk: Disk;
  readonly #dataDir: string;
  readonly #controller: number;

  constructor(disk: Disk, dataDir: string, controller: number) {
    this.#disk = disk;
    this.#dataDir = dataDir;
    this.#controller = controller;
  }

  /**
   * The directory with the journal of this kind. Its own directory is in there.
   *
   * @param isFirst a new journal of this kind is made in the data directory itself, if no other kind is there
   */
  async journalOf(kind: JournalKind, isFirst: boolean): Promise<string> {
    return this.#placeOf(kind, isFirst, await this.#kindOfJournal(), directoryOf);
  }

  /** The directory with the view record of a root group of this kind. */
  async viewsOf(kind: JournalKind): Promise<string> {
    const pathIn = (dataDir: string, controller: number) => viewFileOf(dataDir, controller);
    const found = await kindOfViews(this.#disk, pathIn(this.#dataDir, this.#controller));
    return this.#placeOf(kind, true, found, pathIn);
  }

  /** The directory with the journal of this kind that an earlier run has made; null when there is none. */
  async existingJournalOf(kind: JournalKind): Promise<string | null> {
    if ((await this.#kindOfJournal()) === kind) return this.#dataDir;
    const own = join(this.#dataDir, kind);
    return (await this.#exists(directoryOf(own, this.#controller))) ? own : null;
  }

  async #placeOf(
    kind: JournalKind,
    isFirst: boolean,
    found: JournalKind | null,
    pathIn: (dataDir: string, controller: number) => string,
  ): Promise<string> {
    if (found === kind) return this.#dataDir;
    const own = join(this.#dataDir, kind);
    const isFree = found === null && isFirst && !(await this.#exists(pathIn(own, this.#controller)));
    return isFree ? this.#dataDir : own;
  }

  /** The kind of the journal in the data directory itself; null when there is none, or its identity is damaged. */
  async #kindOfJournal(): Promise<JournalKind | null> {
    try {
      const identity = await readAnyIdentity(this.#disk, directoryOf(this.#dataDir, this.#controller));
      return identity?.consistency ?? null;
    } catch (error) {
      if (error instanceof DamageError) return null;
      throw error;
    }
  }

  async #exists(path: string): Promise<boolean> {
    const directory = join(path, '..');
    const names = await this.#disk.list(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.some((name) => join(directory, name) === path);
  }
}
