import { basename, dirname } from 'node:path';
import type { Lock } from '../../src/journal/directory-lock.ts';
import type { Disk, DiskFile } from '../../src/journal/disk.ts';
import { JournalError } from '../../src/journal/journal-error.ts';

/** A write, or a change of length, that is not flushed yet. */
type Pending = { readonly at: number; readonly bytes: Buffer } | { readonly length: number };

class Content {
  /** The bytes that a crash leaves for certain. */
  flushed: Buffer = Buffer.alloc(0);
  /** The bytes that a read returns. */
  now: Buffer = Buffer.alloc(0);
  pending: Pending[] = [];
}

/**
 * A file system in memory that distinguishes flushed bytes from others. A crash keeps any part of the unflushed bytes.
 * It may tear a write, but not within a sector: a sector is written as a whole or not at all. Names that were not
 * synced with their directory may stay or go.
 */
export class SimulatedDisk implements Disk {
  readonly #names = new Map<string, Content>();
  /** The names that are on disk for certain. */
  #syncedNames = new Map<string, Content>();
  readonly #directories = new Set<string>();
  /** Renames of directories that are not on disk for certain. */
  #moves: { readonly from: string; readonly to: string }[] = [];
  readonly #locked = new Set<string>();
  /** The number of operations so far that change the disk. */
  operations = 0;
  #diesAt = Number.POSITIVE_INFINITY;
  #die = () => {};
  /** Resolves when the simulated process dies. */
  readonly dead = new Promise<void>((resolve) => {
    this.#die = resolve;
  });
  /** Writes and flushes fail with this code. */
  failure: string | null = null;
  bytesMax = Number.POSITIVE_INFINITY;

  get isDead(): boolean {
    return this.operations >= this.#diesAt;
  }

  /** From the operation of this number on, no operation has an effect or returns. */
  dieAt(operation: number): void {
    this.#diesAt = operation;
  }

  async makePath(path: string): Promise<void> {
    for (let at = path; at !== dirname(at); at = dirname(at)) this.#directories.add(at);
  }

  async open(path: string, how: 'create' | 'existing'): Promise<DiskFile> {
    let content = this.#names.get(path);
    if (content === undefined) {
      if (how === 'existing') throw coded('ENOENT', path);
      await this.#change();
      content = new Content();
      this.#names.set(path, content);
    }
    return this.#file(content);
  }

  async readAll(path: string): Promise<Buffer> {
    const content = this.#names.get(path);
    if (content === undefined) throw coded('ENOENT', path);
    return Buffer.from(content.now);
  }

  /** Takes no time, and does not count as an operation. */
  async freeBytes(_: string): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  async list(directory: string): Promise<string[]> {
    const all = [...this.#names.keys(), ...this.#directories];
    return all.filter((path) => dirname(path) === directory).map((path) => basename(path));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#change();
    if (this.#directories.has(from)) return this.#move(from, to);
    const content = this.#names.get(from);
    if (content === undefined) throw coded('ENOENT', from);
    this.#names.delete(from);
    this.#names.set(to, content);
  }

  /** Renames a directory together with the files in it. */
  #move(from: string, to: string): void {
    for (const names of [this.#names, this.#syncedNames]) {
      for (const [path, content] of [...names]) {
        if (!path.startsWith(`${from}/`)) continue;
        names.delete(path);
        names.set(to + path.slice(from.length), content);
      }
    }
    this.#directories.delete(from);
    this.#directories.add(to);
    this.#moves.push({ from, to });
  }

  async remove(path: string): Promise<void> {
    await this.#change();
    this.#names.delete(path);
  }

  async makeDirectory(path: string): Promise<void> {
    if (this.#directories.has(path)) throw coded('EEXIST', path);
    this.#directories.add(path);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#change();
    this.#directories.delete(path);
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#change();
    this.#moves = this.#moves.filter(({ to }) => dirname(to) !== directory);
    for (const path of this.#syncedNames.keys()) {
      if (dirname(path) === directory && !this.#names.has(path)) this.#syncedNames.delete(path);
    }
    for (const [path, content] of this.#names) {
      if (dirname(path) === directory) this.#syncedNames.set(path, content);
    }
  }

  lock(directory: string): Lock {
    if (this.#locked.has(directory)) throw new JournalError('LOCKED', directory);
    this.#locked.add(directory);
    return { release: () => void this.#locked.delete(directory) };
  }

  /**
   * The disk after a loss of power.
   * @param chance draws numbers in [0, 1), which decide about everything that was not flushed
   */
  crashed(chance: () => number): SimulatedDisk {
    const names = new Map(this.#syncedNames);
    for (const [path, content] of this.#names) if (chance() < 0.5) names.set(path, content);
    for (const path of this.#syncedNames.keys()) {
      if (!this.#names.has(path) && chance() < 0.5) names.delete(path);
    }
    const left = this.killed();
    left.#names.clear();
    for (const [path, content] of names) {
      let bytes = content.flushed;
      for (const pending of content.pending) bytes = keepSome(bytes, pending, chance);
      left.overwrite(path, Buffer.from(bytes));
    }
    left.#syncedNames = new Map(left.#names);
    for (const { from, to } of this.#moves.toReversed()) if (chance() < 0.5) left.#move(to, from);
    left.#moves = [];
    return left;
  }

  /** The disk after the process was killed: the system goes on, and has all writes, flushed or not. */
  killed(): SimulatedDisk {
    const left = new SimulatedDisk();
    const copies = new Map<Content, Content>();
    const copyOf = (content: Content): Content => {
      const copy =
        copies.get(content) ?? Object.assign(new Content(), content, { pending: [...content.pending] });
      copies.set(content, copy);
      return copy;
    };
    for (const [path, content] of this.#names) left.#names.set(path, copyOf(content));
    for (const [path, content] of this.#syncedNames) left.#syncedNames.set(path, copyOf(content));
    for (const path of this.#directories) left.#directories.add(path);
    left.#moves = [...this.#moves];
    return left;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  bytesOf(path: string): Buffer {
    return Buffer.from(this.#names.get(path)!.now);
  }

  /** Null removes the file. */
  overwrite(path: string, bytes: Buffer | null): void {
    if (bytes === null) {
      this.#names.delete(path);
      return;
    }
    const content = new Content();
    content.now = bytes;
    content.flushed = Buffer.from(bytes);
    this.#names.set(path, content);
  }

  async #change(): Promise<void> {
    this.operations++;
    if (!this.isDead) return;
    this.#die();
    await new Promise<never>(() => {});
  }

  #file(content: Content): DiskFile {
    const change = (pending: Pending) => {
      content.now = applied(content.now, pending);
      content.pending.push(pending);
    };
    const write = async (bytes: Buffer, at: number): Promise<void> => {
      if (this.operations + 1 === this.#diesAt) {
        change({ at, bytes: Buffer.from(bytes.subarray(0, bytes.length >> 1)) });
      }
      await this.#change();
      this.#fail();
      if (at + bytes.length > this.bytesMax) {
        change({ at, bytes: Buffer.from(bytes.subarray(0, bytes.length >> 1)) });
        throw coded('ENOSPC', 'no space left on device');
      }
      change({ at, bytes: Buffer.from(bytes) });
    };
    return {
      size: async () => content.now.length,
      read: async (at, length) => {
        if (at + length > content.now.length) throw new Error('a file ended early');
        return Buffer.from(content.now.subarray(at, at + length));
      },
      write,
      writeParts: (parts, at) => write(Buffer.concat(parts), at),
      sync: async () => {
        await this.#change();
        this.#fail();
        content.flushed = Buffer.from(content.now);
        content.pending = [];
      },
      truncate: async (length) => {
        await this.#change();
        change({ length });
      },
      close: async () => {},
    };
  }

  #fail(): void {
    if (this.failure !== null) throw coded(this.failure, 'the disk fails');
  }
}

/** Whether a write lies within one sector, which a disk writes as a whole or not at all. */
export function isWithinSector(at: number, length: number): boolean {
  return (at % SECTOR_BYTES) + length <= SECTOR_BYTES;
}

/** The size of a sector, in bytes: smaller than that of a disk, so that more writes are torn. */
const SECTOR_BYTES = 32;

function applied(content: Buffer, pending: Pending): Buffer {
  if ('length' in pending) return Buffer.from(content.subarray(0, pending.length));
  const { at, bytes } = pending;
  const next = Buffer.alloc(Math.max(content.length, at + bytes.length));
  content.copy(next);
  bytes.copy(next, at);
  return next;
}

function keepSome(content: Buffer, pending: Pending, chance: () => number): Buffer {
  const luck = chance();
  if (luck < 0.4) return Buffer.from(content);
  if (luck < 0.7 || 'length' in pending || isWithinSector(pending.at, pending.bytes.length))
    return applied(content, pending);
  const from = chance() < 0.5 ? 0 : Math.floor(chance() * pending.bytes.length);
  const to = from + Math.floor(chance() * (pending.bytes.length - from));
  return applied(content, { at: pending.at + from, bytes: pending.bytes.subarray(from, to) });
}

function coded(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
