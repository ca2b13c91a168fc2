import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ViewLog, ViewRecord } from './view-record.ts';

/** Whose record it is: a directory that is given to another controller must not speak for this one. */
export interface ViewFileOwner {
  readonly cluster: string;
  readonly node: number;
  /** The configured peers. */
  readonly peers: string;
}

/** The directory belongs to somebody else, or can't be used; the message says what to do. */
export class ViewFileError extends Error {
  readonly code = 'VIEW_FILE';
}

const FILE_NAME = 'views.json';

/**
 * The view record in a file of its own: a line of JSON behind its checksum, replaced as a whole by a rename, and on
 * disk (file and directory flushed) before `done`. Records that come while one is being written are written as
 * one, the last.
 */
export class ViewFile implements ViewLog {
  readonly #path: string;
  readonly #owner: ViewFileOwner;
  readonly #onError: (message: string) => void;
  readonly #loaded: ViewRecord | null;
  #waiting: { record: ViewRecord; done: (() => void)[] } | null = null;
  #writing: Promise<void> | null = null;

  /**
   * @param onError told in words what went wrong with a record
   * @throws ViewFileError when the directory can't be used, or is another controller's
   */
  constructor(directory: string, owner: ViewFileOwner, onError: (message: string) => void) {
    this.#path = join(directory, FILE_NAME);
    this.#owner = owner;
    this.#onError = onError;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new ViewFileError(
        `the data directory ${directory} can't be made: ${(error as Error).message}; correct data_dir, or set it to "-"`,
        { cause: error },
      );
    }
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
      throw new ViewFileError(`${this.#path} can't be read: ${(error as Error).message}`, { cause: error });
    }
    const space = line.indexOf(' ');
    const text = line.slice(space + 1);
    if (line.slice(0, space) !== checksum(text)) return this.#putAside();
    const { cluster, node, peers, ...record } = JSON.parse(text) as ViewFileOwner & ViewRecord;
    this.#checkOwner({ cluster, node, peers });
    return record;
  }

  #checkOwner(found: ViewFileOwner): void {
    const own = this.#owner;
    if (found.cluster === own.cluster && found.node === own.node && found.peers === own.peers) return;
    throw new ViewFileError(
      `${dirname(this.#path)} belongs to controller ${found.node} of cluster "${found.cluster}" with the peers ` +
        `${found.peers}; give this one a data_dir of its own, or move that directory away`,
    );
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

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
