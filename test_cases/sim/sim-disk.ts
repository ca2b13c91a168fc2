import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Something that a process keeps on disk as a whole: what is saved later takes the place of what was there. */
export interface Kept<T> {
  load(): T | null;
  /** @param done called once this value, or a later one, survives a crash */
  save(value: T, done: () => void): void;
}

interface Save {
  readonly value: unknown;
  readonly file: string;
}

/**
 * A machine's disk. It outlives the processes. A save takes a random time, and happens as a whole or not at
 * all; saves happen in the order in which they were asked for. A crash leaves a random part of those that were
 * under way done, oldest first: one that nobody was told of may have happened all the same.
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
   * @param deliver hands a callback to the process, when it is awake and if it still is the same
   */
  open<T>(file: string, deliver: (run: () => void) => void): Kept<T> {
    return {
      load: () => structuredClone((this.#files.get(file) ?? null) as T | null),
      save: (value, done) => this.#save({ file, value: structuredClone(value) }, () => deliver(done)),
    };
  }

  /** The process is gone: what was under way has happened up to some point, and no further. */
  crash(): void {
    const done = this.#random.below(this.#underWay.length + 1);
    for (const save of this.#underWay.slice(0, done)) this.#files.set(save.file, save.value);
    this.#underWay = [];
    this.#clearMs = 0;
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
