import { crc32 } from 'node:zlib';
import type { ViewLog, ViewRecord } from '../membership/view-record.ts';
import { directoryOf, type Owner, refuseOthers } from './data-directory.ts';
import type { Disk } from './disk.ts';
import { journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';

/**
 * The view record in a file of its own: a line of JSON behind its checksum, replaced as a whole by a rename, and on
 * disk (file and directory flushed) before `done`. Records that come while one is being written are written as
 * one, the last. It lies beside the journal's directory, not in it, so that it stays when that is set aside: what a
 * controller has promised holds whatever it has lost.
 */
export class ViewFile implements ViewLog {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #owner: Owner;
  readonly #onError: (message: string) => void;
  #loaded: ViewRecord | null = null;
  #waiting: { record: ViewRecord; done: (() => void)[] } | null = null;
  #writing: Promise<void> | null = null;
  #isFailing = false;

  private constructor(disk: Disk, dataDir: string, owner: Owner, onError: (message: string) => void) {
    this.#disk = disk;
    this.#path = viewFileOf(dataDir, owner);
    this.#owner = owner;
    this.#onError = onError;
  }

  /**
   * @param onError told in words what went wrong with a record, once until one is written again
   * @throws JournalError when it can't be read, or is another cluster's
   */
  static async open(
    disk: Disk,
    dataDir: string,
    owner: Owner,
    onError: (message: string) => void,
  ): Promise<ViewFile> {
    const file = new ViewFile(disk, dataDir, owner, onError);
    file.#loaded = await file.#read();
    // Whoever wrote it may have been killed before it was on disk under its name.
    if (file.#loaded !== null) await disk.syncDirectory(dataDir);
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
    const text = JSON.stringify({ ...this.#owner, ...record });
    await replaceFile(this.#disk, this.#path, `${checksum(text)} ${text}\n`);
  }

  async #read(): Promise<ViewRecord | null> {
    let line: string;
    try {
      line = (await this.#disk.readAll(this.#path)).toString('utf8').trimEnd();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw journalErrorOf(error, this.#path);
    }
    const space = line.indexOf(' ');
    const text = line.slice(space + 1);
    if (line.slice(0, space) !== checksum(text)) return this.#putAside();
    const { cluster, controller, peers, consistency, ...record } = JSON.parse(text) as Owner & ViewRecord;
    refuseOthers({ cluster, controller, peers, consistency }, this.#owner, this.#path);
    return record;
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

/** Beside the journal's directory. */
export function viewFileOf(dataDir: string, { controller }: Owner): string {
  return `${directoryOf(dataDir, controller)}.views.json`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
