import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { ViewLog, ViewRecord } from '../membership/view-record.ts';
import { directoryOf, type JournalKind, type Owner, refuseOthers } from './data-directory.ts';
import type { Disk, DiskFile } from './disk.ts';
import { journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';
import { emptySlot, newestRecord, slotOf } from './view-slots.ts';

/**
 * The view record in a file of its own. Records that arrive while one is being written are written as one, the last.
 * The file lies beside the journal's directory, not in it, and stays when that directory is set aside: a promise holds
 * whatever else a controller has lost.
 *
 * A record is on disk before its `done` is called, at the price of one write and one flush:
 *
 *  1. The file has two slots. The newest record that is known to be on disk is in one of them.
 *  2. The next record is written to the other slot, also when it is written again after a failure. A crash during the
 *     write damages that slot alone, so the record of step 1 survives.
 *  3. After the flush the slots change roles.
 *
 * The file itself is made, or brought from an older form or smaller slots to this one, by a rename.
 */
export class ViewFile implements ViewLog {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #owner: Owner;
  readonly #onError: (message: string) => void;
  #loaded: ViewRecord | null = null;
  /** Null until the first record is written, and after a failure. */
  #file: DiskFile | null = null;
  /** The slot for the next record; null while there is no file with slots. */
  #nextSlot: 0 | 1 | null = null;
  #slotBytes = 0;
  /** Number of the newest record: the larger one of two slots is the newer one. */
  #number = 0;
  #waiting: { record: ViewRecord; done: (() => void)[] } | null = null;
  #writing: Promise<void> | null = null;
  #isFailing = false;

  private constructor(disk: Disk, path: string, owner: Owner, onError: (message: string) => void) {
    this.#disk = disk;
    this.#path = path;
    this.#owner = owner;
    this.#onError = onError;
  }

  /**
   * @param onError told in words what went wrong with a record, once until one is written again
   * @param group whose views these are
   * @throws JournalError when it can't be read, or is another cluster's
   */
  static async open(
    disk: Disk,
    dataDir: string,
    owner: Owner,
    onError: (message: string) => void,
    group: GroupNumber = ROOT_GROUP,
  ): Promise<ViewFile> {
    const path = viewFileOf(dataDir, owner.controller, group);
    const file = new ViewFile(disk, path, owner, onError);
    file.#loaded = await file.#read();
    if (file.#loaded !== null) await file.#flushLoaded(dataDir);
    return file;
  }

  load(): ViewRecord | null {
    return this.#loaded;
  }

  save(record: ViewRecord, done: () => void): void {
    if (this.#waiting === null) this.#waiting = { record, done: [done] };
    else {
      this.#waiting.record = record;
      this.#waiting.done.push(done);
    }
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = null;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== null) {
      const { record, done } = this.#waiting;
      this.#waiting = null;
      try {
        await this.#write(record);
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#onError(`the view record can't be written: ${(error as Error).message}`);
        this.#isFailing = true;
        continue;
      }
      for (const callback of done) callback();
    }
    this.#writing = null;
  }

  async #write(record: ViewRecord): Promise<void> {
    const { journal, placement, installed, configuration, installedConfiguration, ...others } = record;
    const stored: StoredRecord = {
      ...others,
      ...(journal === null ? {} : { journal }),
      ...(placement === null && installed === null ? {} : { placement, installed }),
      ...(configuration === null && installedConfiguration === null
        ? {}
        : { configuration, installedConfiguration }),
    };
    const text = JSON.stringify({ ...this.#owner, ...stored });
    const number = this.#number + 1;
    const bytes = slotOf(text, number, this.#slotBytes);
    const isLarger = bytes.length > this.#slotBytes;
    const slot = isLarger ? null : this.#nextSlot;
    if (slot === null) await this.#replace(bytes);
    else await this.#writeSlot(slot, bytes);
    this.#number = number;
    this.#nextSlot = slot === 1 ? 0 : 1;
  }

  /** A file whose slots have this size, with this one as the first. */
  async #replace(first: Buffer): Promise<void> {
    const before = this.#file;
    this.#file = null;
    // Until this has come to its end, it is not known which of the two files has the name.
    this.#nextSlot = null;
    await before?.close().catch(() => {});
    await replaceFile(this.#disk, this.#path, Buffer.concat([first, emptySlot(first.length)]));
    this.#slotBytes = first.length;
  }

  async #writeSlot(slot: 0 | 1, bytes: Buffer): Promise<void> {
    this.#file ??= await this.#disk.open(this.#path, 'existing');
    try {
      await this.#file.write(bytes, slot * this.#slotBytes);
      // mutant: view-unflushed
      await this.#file.sync();
    } catch (error) {
      const file = this.#file;
      this.#file = null;
      await file.close().catch(() => {});
      throw error;
    }
  }

  /**
   * The process that wrote the record may have been killed before the record was on disk. This process goes by the
   * record from now on, so it has to be on disk first.
   */
  async #flushLoaded(dataDir: string): Promise<void> {
    try {
      await this.#disk.syncDirectory(dataDir);
      if (this.#nextSlot === null) return;
      const file = await this.#disk.open(this.#path, 'existing');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw journalErrorOf(error, this.#path);
    }
  }

  async #read(): Promise<ViewRecord | null> {
    let bytes: Buffer;
    try {
      bytes = await this.#disk.readAll(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw journalErrorOf(error, this.#path);
    }
    const found = newestRecord(bytes);
    if (found === null) return this.#putAside();
    const { cluster, controller, peers, consistency, ...record } = JSON.parse(found.text) as Owner &
      StoredRecord;
    refuseOthers({ cluster, controller, peers, consistency }, this.#owner, this.#path);
    this.#number = found.number;
    this.#nextSlot = found.nextSlot;
    this.#slotBytes = found.nextSlot === null ? 0 : found.slotBytes;
    return {
      ...record,
      journal: record.journal ?? null,
      placement: record.placement ?? null,
      installed: record.installed ?? null,
      configuration: record.configuration ?? null,
      installedConfiguration: record.installedConfiguration ?? null,
    };
  }

  /** A damaged record is as good as none, and is kept for whoever wants to look. */
  async #putAside(): Promise<null> {
    const aside = `${this.#path}.damaged`;
    await this.#disk.rename(this.#path, aside);
    this.#onError(
      `the view record was damaged, and is now ${aside}: this controller has lost its memory of views`,
    );
    return null;
  }
}

/** Without these fields the record has the form of release 0.2.0, which knows none of them. */
type StoredRecord = Omit<ViewRecord, Added> & Partial<Pick<ViewRecord, Added>>;

type Added = 'journal' | 'placement' | 'installed' | 'configuration' | 'installedConfiguration';

/** Beside the journal's directory. The name tells the group, unless that is the root group. */
export function viewFileOf(
  dataDir: string,
  controller: ControllerId,
  group: GroupNumber = ROOT_GROUP,
): string {
  // mutant: one-record-for-all-groups
  const name = group === ROOT_GROUP ? 'views' : `group-${group}.views`;
  return `${directoryOf(dataDir, controller)}.${name}.json`;
}

/** The kind of the root group whose view record is in this file; null when there is none, or it is damaged. */
export async function kindOfViews(disk: Disk, path: string): Promise<JournalKind | null> {
  let bytes: Buffer;
  try {
    bytes = await disk.readAll(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw journalErrorOf(error, path);
  }
  const found = newestRecord(bytes);
  return found === null ? null : (JSON.parse(found.text) as Owner).consistency;
}
