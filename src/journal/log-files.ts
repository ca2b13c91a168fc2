import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';

/**
 * The files of a log, by number. `log-k` has the odd number 2k+1. `base-k`, which replaces all logs before `log-k`,
 * has the even number 2k, so that it comes in their place in the order.
 */
export class LogFiles {
  readonly directory: string;
  readonly disk: Disk;
  readonly #open = new Map<number, Promise<DiskFile>>();

  constructor(disk: Disk, directory: string) {
    this.disk = disk;
    this.directory = directory;
  }

  pathOf(number: number): string {
    return join(this.directory, nameOfFile(number));
  }

  /** The numbers of all files of the log, in order. */
  async list(): Promise<number[]> {
    const names = await this.disk.list(this.directory);
    return names
      .map(numberOfName)
      .filter((number) => number !== null)
      .sort((a, b) => a - b);
  }

  /** The file, which stays open. */
  get(number: number, how: 'create' | 'existing' = 'existing'): Promise<DiskFile> {
    let file = this.#open.get(number);
    if (file === undefined) {
      file = this.disk.open(this.pathOf(number), how);
      this.#open.set(number, file);
      file.catch(() => this.#open.delete(number));
    }
    return file;
  }

  async create(number: number): Promise<DiskFile> {
    const file = await this.get(number, 'create');
    await this.disk.syncDirectory(this.directory);
    return file;
  }

  /** Closes the file; the next use opens it again. */
  async release(number: number): Promise<void> {
    const file = this.#open.get(number);
    this.#open.delete(number);
    if (file !== undefined) await (await file).close();
  }

  async remove(number: number): Promise<void> {
    await this.release(number);
    await this.disk.remove(this.pathOf(number));
  }

  async close(): Promise<void> {
    for (const number of [...this.#open.keys()]) await this.release(number);
  }
}

/** A base that is not finished. It may be removed at any time. */
export const PARTIAL_NAME = 'base.partial';

export function isBase(number: number): boolean {
  return number % 2 === 0;
}

/** `log-0`. */
export const FIRST_LOG = 1;

const DIGITS = 8;

export function nameOfFile(number: number): string {
  return `${isBase(number) ? 'base' : 'log'}-${String(Math.floor(number / 2)).padStart(DIGITS, '0')}`;
}

export function numberOfName(name: string): number | null {
  const [, kind, digits] = /^(base|log)-(\d{8})$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits) * 2 + (kind === 'base' ? 0 : 1);
}
