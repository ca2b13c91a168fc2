import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A value that a process keeps on disk as a whole. Each save replaces the value before it. */
export interface Saved<T> {
  load(): T | null;
  /** @param done called once this value, or a later one, would survive a crash */
  save(value: T, done: () => void): void;
}

interface Save {
  readonly value: unknown;
  readonly file: string;
}

/**
 * The disk of a machine, which outlives the processes. A save takes a random time, and happens as a whole or not at
 * all. Saves happen in the order of their calls. After a crash, a random number of the saves under way have happened,
 * oldest first. So a save may have happened although its caller was never told.
 */
export class SimDisk {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #files = new Map<string, unknown>();
  #underWay: Save[] = [];
  #clearMs = 0;
  /** Virtual milliseconds that a save takes. */
  delayMs: readonly [min: number, max: number] = [0.05, 2];
  saves = 0;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /**
   * One process's access to a file.
   *
   * @param deliver runs a callback once the process is awake, and never after that process has ended
   */
  open<T>(file: string, deliver: (run: () => void) => void): Saved<T> {
    return {
      load: () => structuredClone((this.#files.get(file) ?? null) as T | null),
      save: (value, done) => this.#save({ file, value: structuredClone(value) }, () => deliver(done)),
    };
  }

  /** The process has died: a random number of the saves under way have happened. */
  crash(): void {
    const done = this.#random.below(this.#underWay.length + 1);
    for (const save of this.#underWay.slice(0, done)) this.#files.set(save.file, save.value);
    this.#underWay = [];
    this.#clearMs = 0;
  }

  /** Another disk takes its place. */
  clear(): void {
    this.#files.clear();
  }

  #save(save: Save, done: () => void): void {
    this.saves++;
    this.#underWay.push(save);
    const atMs = Math.max(this.#clearMs, this.#scheduler.nowMs + this.#random.between(...this.delayMs));
    this.#clearMs = atMs;
    this.#scheduler.at(atMs, () => {
      if (this.#underWay[0] !== save) return;
      this.#underWay.shift();
      this.#files.set(save.file, save.value);
      done();
    });
  }
}
