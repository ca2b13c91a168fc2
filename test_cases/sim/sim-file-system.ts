import { basename } from 'node:path';
import type { Lock } from '../../src/journal/directory-lock.ts';
import type { Disk, DiskFile } from '../../src/journal/disk.ts';
import { numberOfName } from '../../src/journal/log-files.ts';
import { COMMIT_WITHIN_MS_DEFAULT } from '../../src/journal/open-journal.ts';
import { isWithinSector, SimulatedDisk } from '../support/simulated-disk.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Virtual milliseconds that a flush takes. */
export const FLUSH_DELAY_MS = [0.05, 2] as const;

/** What everything but a flush takes of that. */
const QUICK = 0.1;

/** What timers and clocks may be late beyond the time that is promised, in virtual milliseconds. */
const SLACK_MS = 5;

/**
 * The file system of one machine, on virtual time. It outlives the processes, and of what they wrote knows what is
 * flushed. When a process dies, each operation that it had under way has happened or has not, of a write maybe a
 * half; what was done stays. A loss of power takes any part of what was not flushed.
 */
export class SimFileSystem {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  #content = new SimulatedDisk();
  readonly #underWay = new Set<() => Promise<unknown>>();
  #locked = new Set<string>();
  delayMs: readonly [min: number, max: number] = FLUSH_DELAY_MS;
  /** Since when the log has been written, and not been flushed since; and how long that took the last time. */
  #committingSinceMs: number | null = null;
  #lastCommitMs = 0;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Writes and flushes fail. */
  setFull(full: boolean): void {
    this.#content.failure = full ? 'ENOSPC' : null;
  }

  /**
   * What is recorded is on disk within this time, as durability `async` promises it: that which a commit may wait, and
   * what the disk takes for it and for the one before.
   */
  get exposureMs(): number {
    const { nowMs } = this.#scheduler;
    const committingMs = this.#committingSinceMs === null ? 0 : nowMs - this.#committingSinceMs;
    return COMMIT_WITHIN_MS_DEFAULT + SLACK_MS + this.#lastCommitMs + committingMs;
  }

  /** One process's access. @param deliver hands a callback to the process, when it is awake and if it still is the same */
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
      syncDirectory: (path) => this.#later(1, deliver, (content) => content.syncDirectory(path)),
      freeBytes: (directory) => this.#content.freeBytes(directory),
      lock: (directory) => this.#lock(directory),
    };
  }

  /** The process is gone; the system lives on. */
  onKill(): void {
    for (const act of this.#underWay) if (this.#random.chance(0.5)) void act().catch(() => {});
    this.#forgetProcess();
  }

  /** Everything is gone that was not flushed, or any part of it. */
  losePower(): void {
    const { failure } = this.#content;
    this.#content = this.#content.crashed(() => this.#random.next());
    this.#content.failure = failure;
    this.#forgetProcess();
  }

  #forgetProcess(): void {
    this.#underWay.clear();
    this.#locked = new Set();
    this.#committingSinceMs = null;
    this.#lastCommitMs = 0;
  }

  #lock(directory: string): Lock {
    if (this.#locked.has(directory))
      throw new Error(`${directory} is locked by the process that locks it again`);
    this.#locked.add(directory);
    return { release: () => void this.#locked.delete(directory) };
  }

  #timed(path: string, file: DiskFile, deliver: (run: () => void) => void): DiskFile {
    const isLog = (numberOfName(basename(path)) ?? 0) % 2 === 1;
    return {
      size: () => this.#later(QUICK, deliver, () => file.size()),
      read: (at, length) => this.#later(QUICK, deliver, () => file.read(at, length)),
      write: async (bytes, at) => {
        if (isLog) this.#committingSinceMs ??= this.#scheduler.nowMs;
        const half = isWithinSector(at, bytes.length) ? 0 : bytes.length >> 1;
        if (half > 0) await this.#later(QUICK, deliver, () => file.write(bytes.subarray(0, half), at));
        await this.#later(QUICK, deliver, () => file.write(bytes.subarray(half), at + half));
      },
      sync: async () => {
        await this.#later(1, deliver, () => file.sync());
        if (isLog) this.#onCommitted();
      },
      truncate: (length) => this.#later(QUICK, deliver, () => file.truncate(length)),
      close: () => file.close(),
    };
  }

  #onCommitted(): void {
    if (this.#committingSinceMs === null) return;
    this.#lastCommitMs = this.#scheduler.nowMs - this.#committingSinceMs;
    this.#committingSinceMs = null;
  }

  /** Happens after a while, and is told of then. A process that is gone by then is told nothing. */
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
