import { basename, dirname } from 'node:path';
import type { Lock } from '../../src/journal/directory-lock.ts';
import type { Disk, DiskFile } from '../../src/journal/disk.ts';
import { numberOfName } from '../../src/journal/log-files.ts';
import { COMMIT_WITHIN_MS_DEFAULT } from '../../src/journal/open-journal.ts';
import { isWithinSector, SimulatedDisk } from '../support/simulated-disk.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Virtual milliseconds that a flush takes. */
export const FLUSH_DELAY_MS = [0.05, 2] as const;

/** The part of that time that any other operation takes. */
const QUICK = 0.1;

/** How late timers may be because of drift and turns of the event loop, in virtual milliseconds. */
const SLACK_MS = 5;

/**
 * The file system of one machine, on virtual time. It outlives the processes, and knows which of their writes are
 * flushed. When a process dies, each of its operations under way has happened or has not, a write maybe by half. All
 * finished writes stay. A loss of power takes any part of what was not flushed.
 */
export class SimFileSystem {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  #content = new SimulatedDisk();
  readonly #underWay = new Set<() => Promise<unknown>>();
  #locked = new Set<string>();
  delayMs: readonly [min: number, max: number] = FLUSH_DELAY_MS;
  /** By the directory of the log. */
  readonly #commits = new Map<string, Commits>();

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Writes and flushes fail. */
  setFull(full: boolean): void {
    this.#content.failure = full ? 'ENOSPC' : null;
  }

  /**
   * With durability `async` a recorded write is on disk within this time: the time that a commit may wait, and the time
   * that the disk takes for it and for the commit before.
   */
  get exposureMs(): number {
    const { nowMs } = this.#scheduler;
    const takes = [...this.#commits.values()].map((commits) => commits.takesMs(nowMs));
    return COMMIT_WITHIN_MS_DEFAULT + SLACK_MS + Math.max(0, ...takes);
  }

  /**
   * The access of one process.
   *
   * @param deliver runs a callback once the process is awake, and never after it has ended
   */
  mount(deliver: (run: () => void) => void): Disk {
    const quickly = <T>(act: (content: SimulatedDisk) => Promise<T>) => this.#later(QUICK, deliver, act);
    return {
      open: async (path, how) => {
        const file = await quickly((content) => content.open(path, how));
        return this.#timed(path, file, deliver);
      },
      readAll: (path) => quickly((content) => content.readAll(path)),
      list: (directory) => quickly((content) => content.list(directory)),
      rename: (from, to) => quickly((content) => content.rename(from, to)),
      remove: (path) => quickly((content) => content.remove(path)),
      makePath: (path) => quickly((content) => content.makePath(path)),
      makeDirectory: (path) => quickly((content) => content.makeDirectory(path)),
      removeDirectory: (path) => quickly((content) => content.removeDirectory(path)),
      syncDirectory: async (path) => {
        const commits = this.#commitsIn(path);
        commits.onDirectoryFlush(this.#scheduler.nowMs);
        await this.#later(1, deliver, (content) => content.syncDirectory(path));
        commits.onDirectoryFlushed(this.#scheduler.nowMs);
      },
      freeBytes: (directory) => this.#content.freeBytes(directory),
      lock: (directory) => this.#lock(directory),
    };
  }

  /** The names in a directory, while no process runs. */
  list(directory: string): Promise<string[]> {
    return this.#content.list(directory);
  }

  /** Removes a file, while no process runs. */
  remove(path: string): Promise<void> {
    return this.#content.remove(path);
  }

  /** The process has died; the machine goes on. */
  onKill(): void {
    for (const act of this.#underWay) if (this.#random.chance(0.5)) void act().catch(() => {});
    this.#forgetProcess();
  }

  /** Loses everything that was not flushed, or any part of it. */
  losePower(): void {
    const { failure } = this.#content;
    this.#content = this.#content.crashed(() => this.#random.next());
    this.#content.failure = failure;
    this.#forgetProcess();
  }

  #forgetProcess(): void {
    this.#underWay.clear();
    this.#locked = new Set();
    this.#commits.clear();
  }

  #lock(directory: string): Lock {
    if (this.#locked.has(directory))
      throw new Error(`${directory} is locked by the process that locks it again`);
    this.#locked.add(directory);
    return { release: () => void this.#locked.delete(directory) };
  }

  #timed(path: string, file: DiskFile, deliver: (run: () => void) => void): DiskFile {
    const isLog = (numberOfName(basename(path)) ?? 0) % 2 === 1;
    const commits = isLog ? this.#commitsIn(dirname(path)) : null;
    const write = async (bytes: Buffer, at: number): Promise<void> => {
      commits?.onWrite(this.#scheduler.nowMs);
      const half = isWithinSector(at, bytes.length) ? 0 : bytes.length >> 1;
      if (half > 0) await this.#later(QUICK, deliver, () => file.write(bytes.subarray(0, half), at));
      await this.#later(QUICK, deliver, () => file.write(bytes.subarray(half), at + half));
    };
    return {
      size: () => this.#later(QUICK, deliver, () => file.size()),
      read: (at, length) => this.#later(QUICK, deliver, () => file.read(at, length)),
      write,
      writeParts: (parts, at) => write(Buffer.concat(parts), at),
      sync: async () => {
        await this.#later(1, deliver, () => file.sync());
        commits?.onFlushed(this.#scheduler.nowMs);
      },
      truncate: (length) => this.#later(QUICK, deliver, () => file.truncate(length)),
      close: () => file.close(),
    };
  }

  #commitsIn(directory: string): Commits {
    let commits = this.#commits.get(directory);
    if (commits === undefined) {
      commits = new Commits();
      this.#commits.set(directory, commits);
    }
    return commits;
  }

  /** Carries an operation out after a while, and reports it then, unless the process has ended. */
  #later<T>(
    share: number,
    deliver: (run: () => void) => void,
    act: (content: SimulatedDisk) => Promise<T>,
  ): Promise<T> {
    const content = this.#content;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const happen = () => act(content);
    this.#underWay.add(happen);
    this.#scheduler.after(this.#random.between(...this.delayMs) * share, () => {
      if (!this.#underWay.delete(happen)) return;
      happen().then(
        (value) => deliver(() => resolve(value)),
        (error) => deliver(() => reject(error)),
      );
    });
    return promise;
  }
}

/** How long the commits of one log take, in virtual milliseconds. */
class Commits {
  /** The time of the first write that is not flushed yet. */
  #sinceMs: number | null = null;
  #lastMs = 0;
  /** The newest flush of the directory: a commit that begins another file waits for one. */
  #directoryFlush: { readonly sinceMs: number; endedMs: number | null } | null = null;

  /** The commit that is under way, and the one before it. */
  takesMs(nowMs: number): number {
    const flushingSinceMs = this.#directoryFlush?.endedMs === null ? this.#directoryFlush.sinceMs : nowMs;
    return this.#lastMs + nowMs - (this.#sinceMs ?? flushingSinceMs);
  }

  onDirectoryFlush(nowMs: number): void {
    this.#directoryFlush = { sinceMs: nowMs, endedMs: null };
  }

  onDirectoryFlushed(nowMs: number): void {
    if (this.#directoryFlush !== null) this.#directoryFlush.endedMs ??= nowMs;
  }

  onWrite(nowMs: number): void {
    const hasJustFlushed = this.#directoryFlush?.endedMs === nowMs;
    this.#sinceMs ??= hasJustFlushed ? this.#directoryFlush!.sinceMs : nowMs;
  }

  onFlushed(nowMs: number): void {
    if (this.#sinceMs === null) return;
    this.#lastMs = nowMs - this.#sinceMs;
    this.#sinceMs = null;
  }
}
