import { sameVersion, type Version } from '../../src/ordering/version.ts';
import { StoreError, type StoreState } from '../../src/store/driver.ts';
import type { Entry, EntryPart } from '../../src/store/entry.ts';
import type { EntryStore, StoreInstance } from '../../src/store/entry-store.ts';
import { decodeEntry, encodeEntry } from '../../src/store/envelope.ts';
import { encodePart } from '../../src/store/envelope-parts.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How the store behaves. */
type Mode =
  | 'up'
  /** The store refuses connections. */
  | 'down'
  /** The store takes everything and answers nothing. */
  | 'hanging';

/** An operation that was issued and has not been answered. */
interface Issued {
  /** Carries the operation out. @returns the bytes that it found */
  readonly act: () => Buffer | undefined;
  readonly done: (error: StoreError | null, bytes: Buffer | undefined) => void;
}

/** The memcached of one machine, with the failures that the invariants of `KvDriver` allow. It outlives controllers. */
export class SimStore {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #timeoutMs: number;
  readonly items = new Map<string, Buffer>();
  /** When the store first took each write, in virtual milliseconds. */
  readonly #takenMs = new Map<string, number>();
  #mode: Mode = 'up';
  #connection: StoreConnection | null = null;
  /** How long an operation takes, in virtual milliseconds. */
  delayMs: readonly [min: number, max: number] = [0.05, 0.3];
  /** The chance that an operation makes the store evict another entry. */
  evictionChance = 0;
  /** Whether this store may evict the entry: a value that no other store has would be lost for ever. */
  mayLose: (key: string) => boolean = () => true;
  evictions = 0;

  /** @param timeoutMs an operation without an answer by then has failed, and so has the connection */
  constructor(scheduler: Scheduler, random: Random, timeoutMs: number) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#timeoutMs = timeoutMs;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /**
   * The connection of a controller; the one before it ends.
   *
   * @param deliver runs a callback in the controller's process
   */
  connect(deliver: (run: () => void) => void): EntryStore {
    this.#connection?.abandon();
    this.#connection = new StoreConnection({
      store: this,
      scheduler: this.#scheduler,
      random: this.#random,
      timeoutMs: this.#timeoutMs,
      deliver,
    });
    return this.#connection;
  }

  /** Loses all entries, as after a restart or a flush from outside. */
  empty(): void {
    this.items.clear();
  }

  holds(key: string, version: Version): boolean {
    const bytes = this.items.get(key);
    const entry = bytes === undefined ? null : decodeEntry(bytes);
    return entry !== null && sameVersion(entry.version, version);
  }

  take(key: string, entry: Entry): void {
    this.items.set(key, encodeEntry(entry));
    const name = nameOf(key, entry.version);
    if (!this.#takenMs.has(name)) this.#takenMs.set(name, this.#scheduler.nowMs);
  }

  /** @returns false when there is nothing under the key */
  join(key: string, part: EntryPart): boolean {
    const held = this.items.get(key);
    if (held === undefined) return false;
    this.items.set(key, Buffer.concat([held, encodePart(part)]));
    const name = nameOf(key, part.version);
    if (!this.#takenMs.has(name)) this.#takenMs.set(name, this.#scheduler.nowMs);
    return true;
  }

  /** When the store first took this write, in virtual milliseconds; null if it never did. */
  takenMs(key: string, version: Version): number | null {
    return this.#takenMs.get(nameOf(key, version)) ?? null;
  }

  setMode(mode: Mode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    if (mode === 'up') this.#connection?.onUp();
    if (mode === 'down') this.#connection?.fail('the store is gone');
  }

  onOperation(): void {
    if (this.evictionChance === 0 || !this.#random.chance(this.evictionChance)) return;
    const keys = [...this.items.keys()].filter((key) => this.mayLose(key));
    if (keys.length === 0) return;
    this.evictions++;
    this.items.delete(this.#random.pick(keys));
  }
}

const NO_BYTES = Buffer.alloc(0);

interface ConnectionPorts {
  readonly store: SimStore;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly deliver: (run: () => void) => void;
}

class StoreConnection implements EntryStore {
  readonly #ports: ConnectionPorts;
  #issued: Issued[] = [];
  #clearMs = 0;
  #broken: string | null = null;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    if (ports.store.mode === 'down') this.#broken = 'the store is gone';
  }

  get state(): StoreState {
    return this.#broken !== null ? { up: false, reason: this.#broken } : { up: true, itemBytesMax: null };
  }

  get(key: string, done: (error: StoreError | null, entry: Entry | null) => void): void {
    this.#issue({
      act: () => this.#ports.store.items.get(key),
      done: (error, bytes) => done(error, bytes === undefined ? null : decodeEntry(bytes)),
    });
  }

  set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    this.#issue({
      act: () => {
        this.#ports.store.take(key, entry);
        return undefined;
      },
      done,
    });
  }

  join(key: string, part: EntryPart, done: (error: StoreError | null, found: boolean) => void): void {
    this.#issue({
      act: () => (this.#ports.store.join(key, part) ? NO_BYTES : undefined),
      done: (error, bytes) => done(error, bytes !== undefined),
    });
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    this.#issue({
      act: () => {
        this.#ports.store.items.delete(key);
        return undefined;
      },
      done,
    });
  }

  instanceInfo(done: (error: StoreError | null, info: StoreInstance | null) => void): void {
    const { evictions } = this.#ports.store;
    this.#issue({
      act: () => undefined,
      done: (error) => done(error, error === null ? { instance: null, evictions } : null),
    });
  }

  /** The controller died: some of the operations that it had sent may still take effect, oldest first. */
  abandon(): void {
    this.#actOnSome();
  }

  onUp(): void {
    this.#broken = null;
    while (this.#issued.length > 0) this.#answerFirst();
  }

  /** The connection breaks: some of the operations have taken effect, oldest first, and it is unknown how many. */
  fail(reason: string): void {
    this.#broken = reason;
    const code = reason === HANGS ? 'STORE_TIMEOUT' : 'STORE_DOWN';
    for (const issued of this.#actOnSome()) {
      this.#ports.deliver(() => issued.done(new StoreError(code, reason), undefined));
    }
  }

  #actOnSome(): Issued[] {
    const issued = this.#issued;
    this.#issued = [];
    const acted = this.#ports.random.below(issued.length + 1);
    for (const one of issued.slice(0, acted)) one.act();
    return issued;
  }

  #issue(issued: Issued): void {
    const { scheduler, random, store, timeoutMs, deliver } = this.#ports;
    const atMs = Math.max(this.#clearMs, scheduler.nowMs + random.between(...store.delayMs));
    this.#clearMs = atMs;
    if (this.#broken !== null) {
      const error = new StoreError('STORE_DOWN', this.#broken);
      scheduler.at(atMs, () => deliver(() => issued.done(error, undefined)));
      return;
    }
    this.#issued.push(issued);
    scheduler.at(atMs, () => {
      if (store.mode === 'up' && this.#issued[0] === issued) this.#answerFirst();
    });
    scheduler.after(timeoutMs, () => {
      if (this.#issued[0] === issued) this.fail(HANGS);
    });
  }

  #answerFirst(): void {
    const { store, deliver } = this.#ports;
    const issued = this.#issued.shift()!;
    const bytes = issued.act();
    store.onOperation();
    deliver(() => issued.done(null, bytes));
  }
}

function nameOf(key: string, { time, node }: Version): string {
  return `${time}/${node} ${key}`;
}

const HANGS = 'the store hangs';
