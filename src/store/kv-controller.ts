import { isLarge } from '../base/byte-writer.ts';
import type { Log } from '../base/log.ts';
import { type KvDriver, type StatsGroup, StoreError, type StoreState, type StoreStats } from './driver.ts';
import type { Entry, EntryPart } from './entry.ts';
import type { EntryStore, StoreInstance } from './entry-store.ts';
import { decodeEntry, encodeEntry, encodeHeader, needsEndMark } from './envelope.ts';
import { encodePart } from './envelope-parts.ts';
import { instanceInfoOf } from './instance-info.ts';

export interface StoreCounters {
  readonly gets: number;
  readonly sets: number;
  readonly deletes: number;
  /** Operations answered with an error. */
  readonly errors: number;
  /** How often the store came back. */
  readonly reconnects: number;
  /** Values that were found and that no controller wrote. They are misses. */
  readonly foreignValues: number;
}

/**
 * A store of entries over any driver. It adds the envelope, and counts; the driver keeps order and deadlines, and
 * reconnects.
 */
export class KVController implements EntryStore {
  /** As in the settings: `memcache`, `custom`. */
  readonly type: string;
  readonly #driver: KvDriver;
  readonly #log: Log;
  #onStateChange: (state: StoreState) => void = () => {};
  #state: StoreState = { up: false, reason: 'not connected yet' };
  /** The last change that was logged. Attempts to reconnect are not logged. */
  #logged: 'nothing' | 'up' | 'down' = 'nothing';
  #wasUp = false;
  readonly #counters = { gets: 0, sets: 0, deletes: 0, errors: 0, reconnects: 0, foreignValues: 0 };

  constructor(type: string, driver: KvDriver, log: Log) {
    this.type = type;
    this.#driver = driver;
    this.#log = log;
  }

  get description(): string {
    return this.#driver.description;
  }

  get state(): StoreState {
    return this.#state;
  }

  get counters(): StoreCounters {
    return this.#counters;
  }

  /** @param onStateChange called after every change, also when only the reason for being down is another */
  open(onStateChange: (state: StoreState) => void = () => {}): void {
    this.#onStateChange = onStateChange;
    this.#driver.open((state) => this.#onState(state));
  }

  /** Answers the operations in flight with an error. */
  close(): Promise<void> {
    this.#logged = 'down';
    return this.#driver.close();
  }

  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void {
    this.#counters.gets++;
    this.#driver.get(key, (error, bytes) => {
      if (error !== null) this.#counters.errors++;
      done(error, bytes === null ? null : this.#entryOf(bytes));
    });
  }

  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    this.#counters.sets++;
    const settled = (error: StoreError | null): void => {
      if (error !== null) this.#counters.errors++;
      done(error);
    };
    if (this.#driver.setParts !== undefined && isLarge(entry.value.length) && !needsEndMark(entry.value))
      this.#driver.setParts(key, encodeHeader(entry), entry.value, settled);
    else this.#driver.set(key, encodeEntry(entry), settled);
  }

  join(key: string, part: EntryPart, done: (error: StoreError | null, found: boolean) => void): void {
    this.#counters.sets++;
    this.#driver.append(key, encodePart(part), (error, found) => {
      if (error !== null) this.#counters.errors++;
      done(error, found);
    });
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    this.#counters.deletes++;
    this.#driver.delete(key, (error) => {
      if (error !== null) this.#counters.errors++;
      done(error);
    });
  }

  /** Empty where the driver has no statistics. */
  stats(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void {
    if (this.#driver.stats === undefined) setImmediate(done, null, []);
    else this.#driver.stats(group, done);
  }

  instanceInfo(done: (error: StoreError | null, info: StoreInstance | null) => void): void {
    this.stats('', (error, stats) => done(error, stats === null ? null : instanceInfoOf(stats)));
  }

  command(line: string, done: (error: StoreError | null, answer: string | null) => void): void {
    if (this.#driver.command !== undefined) return this.#driver.command(line, done);
    const reason = `the store (${this.description}) has no such command`;
    setImmediate(done, new StoreError('STORE_REFUSED', reason), null);
  }

  #entryOf(bytes: Buffer): Entry | null {
    const entry = decodeEntry(bytes);
    if (entry === null) this.#counters.foreignValues++;
    return entry;
  }

  #onState(state: StoreState): void {
    this.#state = state;
    if (state.up) this.#onUp(state.itemBytesMax);
    else this.#onDown(state.reason);
    this.#onStateChange(state);
  }

  #onUp(itemBytesMax: number | null): void {
    if (this.#wasUp) this.#counters.reconnects++;
    const message = this.#wasUp ? 'store is back' : 'store is up';
    this.#wasUp = true;
    this.#logged = 'up';
    this.#log.info(message, { store: this.description, itemBytesMax });
  }

  #onDown(reason: string): void {
    if (this.#logged === 'down') return;
    this.#logged = 'down';
    this.#log.warn('store is down', { store: this.description, reason });
  }
}
