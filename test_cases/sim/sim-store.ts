import { StoreError, type StoreState } from '../../src/store/driver.ts';
import type { Entry } from '../../src/store/entry.ts';
import type { EntryStore } from '../../src/store/entry-store.ts';
import { decodeEntry, encodeEntry } from '../../src/store/envelope.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A store on virtual time, with the invariants of `KvDriver` and the failures that those allow. */
export class SimStore implements EntryStore {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #items = new Map<string, Buffer>();
  #clearMs = 0;
  #down = false;
  delayMs: [min: number, max: number] = [0.05, 0.3];
  /** Chance that an operation makes the store forget some other entry. */
  evictionChance = 0;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  get state(): StoreState {
    return this.#down ? { up: false, reason: 'the store is gone' } : { up: true, itemBytesMax: null };
  }

  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void {
    this.#perform(
      () => this.#items.get(key),
      (error, bytes) => done(error, bytes === undefined ? null : decodeEntry(bytes)),
    );
  }

  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    const bytes = encodeEntry(entry);
    this.#perform(
      () => void this.#items.set(key, bytes),
      (error) => done(error),
    );
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    this.#perform(
      () => void this.#items.delete(key),
      (error) => done(error),
    );
  }

  /** Restarted, flushed from outside: everything is gone. */
  empty(): void {
    this.#items.clear();
  }

  setDown(down: boolean): void {
    this.#down = down;
  }

  #perform<T>(act: () => T, done: (error: StoreError | null, result: T | undefined) => void): void {
    const atMs = Math.max(this.#clearMs, this.#scheduler.nowMs + this.#random.between(...this.delayMs));
    this.#clearMs = atMs;
    this.#scheduler.at(atMs, () => {
      if (this.#down) return done(new StoreError('STORE_DOWN', 'the store is gone'), undefined);
      const result = act();
      if (this.evictionChance > 0 && this.#random.chance(this.evictionChance)) this.#evict();
      done(null, result);
    });
  }

  #evict(): void {
    const keys = [...this.#items.keys()];
    if (keys.length > 0) this.#items.delete(this.#random.pick(keys));
  }
}
