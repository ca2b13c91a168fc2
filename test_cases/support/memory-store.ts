import { StoreError, type StoreState } from '../../src/store/driver.ts';
import type { Entry, EntryPart } from '../../src/store/entry.ts';
import type { EntryStore, StoreInstance } from '../../src/store/entry-store.ts';
import { decodeEntry, encodeEntry } from '../../src/store/envelope.ts';
import { encodePart } from '../../src/store/envelope-parts.ts';

/** A store in a map. The test decides when it answers, in order, and can make any failure happen. */
export class MemoryStore implements EntryStore {
  readonly entries = new Map<string, Entry>();
  state: StoreState = { up: true, itemBytesMax: null };
  instanceNow: StoreInstance = { instance: 'pid 1', evictions: 0 };
  /** The error with which `set` is refused; null when it is not. */
  refusal: StoreError | null = null;
  sets = 0;
  #answers: (() => void)[] = [];

  down(): void {
    this.state = { up: false, reason: 'gone' };
  }

  up(instance = this.instanceNow.instance): void {
    this.state = { up: true, itemBytesMax: null };
    this.instanceNow = { ...this.instanceNow, instance };
  }

  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void {
    const [error, entry] = [this.#trouble, this.entries.get(key) ?? null];
    this.#answers.push(() => done(error, error === null ? entry : null));
  }

  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    const error = this.#trouble ?? this.refusal;
    if (error === null) this.entries.set(key, entry);
    this.sets++;
    this.#answers.push(() => done(error));
  }

  join(key: string, part: EntryPart, done: (error: StoreError | null, found: boolean) => void): void {
    const error = this.#trouble;
    const held = this.entries.get(key);
    if (error === null && held !== undefined) {
      const entry = decodeEntry(Buffer.concat([encodeEntry(held), encodePart(part)]));
      if (entry === null) this.entries.delete(key);
      else this.entries.set(key, entry);
    }
    this.#answers.push(() => done(error, error === null && held !== undefined));
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    const error = this.#trouble;
    if (error === null) this.entries.delete(key);
    this.#answers.push(() => done(error));
  }

  instanceInfo(done: (error: StoreError | null, info: StoreInstance | null) => void): void {
    const [error, instanceInfo] = [this.#trouble, this.instanceNow];
    this.#answers.push(() => done(error, error === null ? instanceInfo : null));
  }

  /**
   * Answers all calls so far.
   * @returns their number
   */
  answer(): number {
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) answer();
    return answers.length;
  }

  /** Answers until no call is left, those included that the answers cause. */
  answerAll(): void {
    while (this.answer() > 0);
  }

  /** The keys that clients may write, without those of the controller itself. */
  get keys(): string[] {
    return [...this.entries.keys()].filter((key) => !key.startsWith('\0'));
  }

  get #trouble(): StoreError | null {
    return this.state.up ? null : new StoreError('STORE_DOWN', this.state.reason);
  }
}
