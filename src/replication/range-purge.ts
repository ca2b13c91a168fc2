import type { Journal, JournalRecord } from '../journal/journal.ts';

/** Records that are looked at in one step. It bounds the cost of a step, whatever the number of keys. */
const LOOKS_PER_STEP = 2_048;

/** Has a journal forget its records of some keys, a few at a time. The store is touched by `onForgotten` alone. */
export class RangePurge {
  readonly journal: Journal;
  readonly #isOf: (key: string) => boolean;
  #walk: Iterator<JournalRecord>;
  #hasFound = false;
  #isDone: boolean;
  #forgotten = 0;
  #forgottenKeys = 0;

  readonly #onForgotten: (key: string) => void;

  constructor(
    journal: Journal,
    isOf: (key: string) => boolean,
    onForgotten: (key: string) => void = () => {},
  ) {
    this.#onForgotten = onForgotten;
    this.journal = journal;
    this.#isOf = isOf;
    this.#walk = journal.walk();
    this.#isDone = journal.records === 0;
  }

  /** A whole walk has found none of them. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  /** Without tombstones. */
  get forgottenKeys(): number {
    return this.#forgottenKeys;
  }

  /** To be called every few milliseconds. */
  step(): void {
    if (this.#isDone || !this.journal.state.writable) return;
    const found: JournalRecord[] = [];
    for (let looks = 0; looks < LOOKS_PER_STEP; looks++) {
      const { done, value: record } = this.#walk.next();
      if (done === true) {
        this.#end(found.length > 0);
        break;
      }
      if (this.#isOf(record.key)) found.push(record);
    }
    if (found.length > 0) this.#hasFound = true;
    const keysBefore = this.journal.keys;
    for (const record of found) {
      this.journal.forget(record);
      this.#onForgotten(record.key);
    }
    this.#forgotten += found.length;
    this.#forgottenKeys += keysBefore - this.journal.keys;
  }

  #end(hasFound: boolean): void {
    this.#isDone = !hasFound && !this.#hasFound;
    this.#hasFound = false;
    this.#walk = this.journal.walk();
  }
}
