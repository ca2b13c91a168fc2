import { appendFileSync, closeSync, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';

export interface RotatingFileOptions {
  readonly path: string;
  /** A line that would make the file larger than this goes into a new file, in bytes. */
  readonly bytesMax: number;
  /**
   * Most files: the current one and those set aside, `path.1` (the newest), `path.2` and so on. The oldest is
   * deleted.
   */
  readonly filesMax: number;
  /** The line that reports how many lines could not be written. */
  readonly lineOfDropped: (lines: number) => string;
  /** Called with the first failure, and with the first one after writing has succeeded again. */
  readonly onFailure: (error: Error) => void;
}

/**
 * A file that lines are appended to, and that is set aside when it has grown. Writers do not wait for the
 * disk: lines are written one batch after the other. Beyond `BACKLOG_BYTES_MAX`, lines are dropped and
 * counted; so are lines that the disk refuses. The next line that is written says how many. After a failure
 * the file is opened again.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #file: FileHandle | null = null;
  #size = 0;
  #lines: string[] = [];
  #backlogBytes = 0;
  #dropped = 0;
  #isFailing = false;
  /**
   * The file may have been renamed: it has to be opened again by its name before anything else is written.
   */
  #isStale = false;
  #writing: Promise<void> | null = null;

  /** @throws the system's error when the file can't be appended to */
  constructor(options: RotatingFileOptions) {
    this.#options = options;
    const descriptor = openSync(options.path, 'a');
    this.#size = fstatSync(descriptor).size;
    closeSync(descriptor);
  }

  /** @param line without its line end */
  write(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#backlogBytes + bytes > BACKLOG_BYTES_MAX) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#backlogBytes += bytes;
    this.#writing ??= this.#writeAll();
  }

  /** Writes the line, and the lines that wait, before it returns: the process is about to end. */
  writeLast(line: string): void {
    const lines = [...this.#lines, line];
    this.#lines = [];
    try {
      appendFileSync(this.#options.path, `${lines.join('\n')}\n`);
    } catch (error) {
      this.#options.onFailure(error as Error);
    }
  }

  /** Further lines go to the file that has the name by then. */
  reopen(): void {
    this.#isStale = true;
  }

  /** Resolves once everything is written, or refused. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#release();
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      this.#backlogBytes = 0;
      try {
        await this.#append(lines);
        this.#isFailing = false;
      } catch (error) {
        this.#dropped += lines.length;
        if (!this.#isFailing) this.#options.onFailure(error as Error);
        this.#isFailing = true;
        await this.#release();
      }
    }
    this.#writing = null;
  }

  async #append(lines: readonly string[]): Promise<void> {
    if (this.#isStale) {
      this.#isStale = false;
      await this.#release();
      this.#size = await sizeOf(this.#options.path);
    }
    const { bytesMax, lineOfDropped } = this.#options;
    const dropped = this.#dropped;
    let text = '';
    let textBytes = 0;
    for (const line of dropped === 0 ? lines : [lineOfDropped(dropped), ...lines]) {
      const bytes = Buffer.byteLength(line) + 1;
      const filled = this.#size + textBytes;
      if (filled > 0 && filled + bytes > bytesMax) {
        await this.#put(text);
        await this.#rotate();
        text = '';
        textBytes = 0;
      }
      text += `${line}\n`;
      textBytes += bytes;
    }
    await this.#put(text);
    this.#dropped -= dropped;
  }

  async #put(text: string): Promise<void> {
    if (text === '') return;
    if (this.#file === null) {
      this.#file = await open(this.#options.path, 'a');
      this.#size = (await this.#file.stat()).size;
    }
    await this.#file.appendFile(text);
    this.#size += Buffer.byteLength(text);
  }

  async #rotate(): Promise<void> {
    const { path, filesMax } = this.#options;
    await this.#release();
    if (filesMax === 1) await rm(path, { force: true });
    for (let number = filesMax - 1; number > 0; number--) {
      await renameIfThere(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    }
    this.#size = 0;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
  }
}

/** Most bytes of lines that wait for the disk. */
const BACKLOG_BYTES_MAX = 1_048_576;

/** The size of the file, 0 when there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return 0;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
