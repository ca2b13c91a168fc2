import { readFileSync, renameSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { directoryOf, type Owner, refuseOthers } from './data-directory.ts';
import { journalErrorOf } from './journal-error.ts';
import type { ViewLog, ViewRecord } from './view-record.ts';

/**
 * The view record in a file of its own: a line of JSON behind its checksum, replaced as a whole by a rename, and on
 * disk (file and directory flushed) before `done`. Records that come while one is being written are written as
 * one, the last. It lies beside the journal's directory, not in it, so that it stays when that is set aside: what a
 * controller has promised holds whatever it has lost.
 */
export class ViewFile implements ViewLog {
  readonly #path: string;
  readonly #owner: Owner;
  readonly #onError: (message: string) => void;
  readonly #loaded: ViewRecord | null;
  #waiting: { record: ViewRecord; done: (() => void)[] } | null = null;
  #writing: Promise<void> | null = null;

  /**
   * @param onError told in words what went wrong with a record
   * @throws JournalError when it can't be read, or is another cluster's
   */
  constructor(dataDir: string, owner: Owner, onError: (message: string) => void) {
    this.#path = viewFileOf(dataDir, owner);
    this.#owner = owner;
    this.#onError = onError;
    this.#loaded = this.#read();
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
      } catch (error) {
        this.#onError(`the view record can't be written: ${(error as Error).message}`);
        continue;
      }
      for (const callback of done) callback();
    }
    this.#writing = null;
  }

  async #write(record: ViewRecord): Promise<void> {
    const text = JSON.stringify({ ...this.#owner, ...record });
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${checksum(text)} ${text}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    const directory = await open(dirname(this.#path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #read(): ViewRecord | null {
    let line: string;
    try {
      line = readFileSync(this.#path, 'utf8').trimEnd();
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
  #putAside(): null {
    const aside = `${this.#path}.damaged`;
    renameSync(this.#path, aside);
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
