import { sameVersion, type Version } from '../../src/ordering/version.ts';
import { StoreError, type StoreState } from '../../src/store/driver.ts';
import type { Entry } from '../../src/store/entry.ts';
import type { EntryStore, StoreVitals } from '../../src/store/entry-store.ts';
import { decodeEntry, encodeEntry } from '../../src/store/envelope.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** What the store does with what it is told. */
type Mode =
  | 'up'
  /** It refuses connections. */
  | 'down'
  /** It takes everything and answers nothing. */
  | 'hanging';

/** An operation that was issued and has not been answered. */
interface Issued {
  /** Takes effect; what it finds. */
  readonly act: () => Buffer | undefined;
  readonly done: (error: StoreError | null, bytes: Buffer | undefined) => void;
}

/** The memcached of one node, with the failures that the invariants of `KvDriver` allow. It outlives controllers. */
export class SimStore {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #timeoutMs: number;
  readonly items = new Map<string, Buffer>();
  /** Writes that it ever took, and when it did first, in virtual milliseconds. */
  readonly #takenMs = new Map<string, number>();
  #mode: Mode = 'up';
  #connection: StoreConnection | null = null;
  /** Virtual milliseconds that an operation takes. */
  delayMs: readonly [min: number, max: number] = [0.05, 0.3];
  /** Chance that an operation makes the store forget some other entry. */
  evictionChance = 0;
  /** Whether this entry may be forgotten here: what no other store has would be lost for good. */
  mayLose: (key: string) => boolean = () => true;
  evictions = 0;

  /** @param timeoutMs an operation that is not answered by then has failed, and the connection with it */
  constructor(scheduler: Scheduler, random: Random, timeoutMs: number) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#timeoutMs = timeoutMs;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** One controller's connection; the one before it is dead. @param deliver hands a callback to its process */
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

  /** Restarted, flushed from outside: everything is gone. */
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

  /** When it first took this write, in virtual milliseconds; null: it never did. */
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

  delete(key: string, done: (error: StoreError | null) => void): void {
    this.#issue({
      act: () => {
        this.#ports.store.items.delete(key);
        return undefined;
      },
      done,
    });
  }

  vitals(done: (error: StoreError | null, vitals: StoreVitals | null) => void): void {
    const { evictions } = this.#ports.store;
    this.#issue({
      act: () => undefined,
      done: (error) => done(error, error === null ? { instance: null, evictions } : null),
    });
  }

  /** The controller died: what it had sent may still take effect, up to some point. */
  abandon(): void {
    this.#actOnSome();
  }

  onUp(): void {
    this.#broken = null;
    while (this.#issued.length > 0) this.#answerFirst();
  }

  /** The connection breaks: what was sent has taken effect up to some point, and nobody knows up to which. */
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
