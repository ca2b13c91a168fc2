import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { DirectoryLock, type Lock } from './directory-lock.ts';

/** The part of a file system that the journal uses. Tests have others, which fail, or lose what was not flushed. */
export interface Disk {
  /** Opens a file for reading and writing. @param how `create` makes the file if it does not exist */
  open(path: string, how: 'create' | 'existing'): Promise<DiskFile>;
  readAll(path: string): Promise<Buffer>;
  list(directory: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing when the file does not exist. */
  remove(path: string): Promise<void>;
  /** Makes the directory and those above it, unless they exist. @throws the system's error, with its path */
  makePath(path: string): Promise<void>;
  /** @throws the system's error, EEXIST included */
  makeDirectory(path: string): Promise<void>;
  /** @throws when it is not empty */
  removeDirectory(path: string): Promise<void>;
  /** Resolves when everything that was made, renamed or removed in the directory is on disk. */
  syncDirectory(path: string): Promise<void>;
  /** How much this process may still write there, in bytes. */
  freeBytes(directory: string): Promise<number>;
  /** Keeps other processes away from a directory. @throws JournalError LOCKED, or with the reason of another failure */
  lock(directory: string): Lock;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Reads exactly this many bytes. @throws when the file is shorter */
  read(at: number, length: number): Promise<Buffer>;
  write(bytes: Buffer, at: number): Promise<void>;
  /** Writes the parts one behind the other. There are at least two, and none is empty. */
  writeParts(parts: readonly Buffer[], at: number): Promise<void>;
  /** Resolves when everything that was written is on disk. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** Only the user of the process may read the files and directories of the journal. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

export const NODE_DISK: Disk = {
  async open(path, how) {
    return new NodeFile(how === 'create' ? await openOrCreate(path) : await open(path, 'r+'));
  },
  readAll: (path) => readFile(path),
  list: (directory) => readdir(directory),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  makePath,
  async makeDirectory(path) {
    await mkdir(path, { mode: DIRECTORY_MODE });
  },
  removeDirectory: (path) => rmdir(path),
  async syncDirectory(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
  lock: (directory) => new DirectoryLock(directory),
};

/**
 * Does not use Node's `recursive`: where a file system such as /proc answers ENOENT although the directory above
 * exists, that never returns and keeps a thread busy.
 */
async function makePath(path: string): Promise<void> {
  const found = await stat(path).catch(unlessMissing);
  if (found?.isDirectory()) return;
  if (found !== null) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR', path });
  const above = dirname(path);
  if (above !== path) await makePath(above);
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    const madeMeanwhile = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!madeMeanwhile) throw error;
  }
}

/** A path that leads through a file counts as missing too: the file itself is found on the way up. */
function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'wx+', FILE_MODE);
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, at + done);
      if (bytesRead === 0) throw new Error('a file ended early');
      done += bytesRead;
    }
    return bytes;
  }

  /** A disk that gets full takes a part of the bytes first, and fails at the next attempt. */
  async write(bytes: Buffer, at: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done);
      done += bytesWritten;
    }
  }

  async writeParts(parts: readonly Buffer[], at: number): Promise<void> {
    let left = parts;
    let end = at;
    while (left.length > 0) {
      const { bytesWritten } = await this.#handle.writev(left.slice(0, PARTS_PER_CALL), end);
      end += bytesWritten;
      left = partsBehind(left, bytesWritten);
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The most parts that the system takes in one call (`IOV_MAX`). */
const PARTS_PER_CALL = 1024;

/** What is left of the parts behind so many bytes. */
function partsBehind(parts: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = 0;
  let left = bytes;
  while (skipped < parts.length && left >= parts[skipped]!.length) left -= parts[skipped++]!.length;
  const [first, ...others] = parts.slice(skipped);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
