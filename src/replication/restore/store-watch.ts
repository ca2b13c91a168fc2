import type { Clock } from '../../base/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import { NO_VERSION } from '../../ordering/version.ts';
import type { StoreError } from '../../store/driver.ts';
import type { Entry } from '../../store/entry.ts';
import type { EntryStore } from '../../store/entry-store.ts';

export interface StoreWatchPorts {
  readonly store: EntryStore;
  readonly journal: Journal;
  /** A random name of the journal. A store that was filled from another journal proves nothing. */
  readonly name: string;
  /** The journal's position at the start. */
  readonly startedAt: string | null;
  readonly clock: Clock;
}

export interface StoreWatchFigures {
  /** As in `StoreInstance`; null while nothing is known. */
  readonly instance: string | null;
  /** How many times another process had taken the place of the one before. */
  readonly instances: number;
  /** How many times the same process was found without what had been put there. */
  readonly emptied: number;
}

/**
 * Knows whether the store is still the one that was filled, not only whether it is connected.
 *
 * Into each store that it finds it puts a sentinel, and it looks for the sentinel on every connection and once a
 * second. The sentinel is lost with everything else: another process does not have it, nor one that was restarted or
 * flushed from outside. A look costs the same however many keys there are.
 *
 * The store itself says which process it is. That tells a flush from a restart, and it finds a process with an old
 * sentinel, which was the store once before.
 *
 * A second sentinel says that the store had everything when its controller ended in good order: all writes up to the
 * commit that was the journal's last one then. It is looked for at the start, when a store may have outlived its
 * controller, and counts only if the journal has not gone on since: a run in between may have been killed with writes
 * that the store never got. Then it is taken away, because this run may overwrite entries and be killed as well.
 */
export class StoreWatch {
  readonly #ports: StoreWatchPorts;
  readonly #presentKey: string;
  readonly #filledKey: string;
  /** The journal was empty at the start, so the store had nothing to have. */
  readonly #startsEmpty: boolean;
  #instance: string | null = null;
  #instances = 0;
  #emptied = 0;
  /** The store has been looked at since the start. */
  #known = false;
  /** It has been looked at over this connection. */
  #connected = false;
  #looking = false;
  #askedMs = 0;
  #answeredAfterMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Why the store has to be filled, until that is taken; null: it need not be. */
  #fillReason: string | null = null;
  /**
   * The store had everything that the journal knew, and has been given everything since, unless that is known to have
   * failed.
   */
  #isFull = false;
  /** The store was found emptied, and has not confirmed the new sentinel. It may have taken it all the same. */
  #isUnmarked = false;
  /** Callers that wait for a look which has not begun. */
  #asked: ((isFull: boolean) => void)[] = [];

  constructor(ports: StoreWatchPorts) {
    this.#ports = ports;
    // No client comes upon these: the name is random. Short, they are of memcached's smallest size.
    this.#presentKey = markKeyOf(ports.name);
    this.#filledKey = `\0mcf${ports.name}`;
    this.#startsEmpty = ports.journal.keys === 0;
  }

  get figures(): StoreWatchFigures {
    return { instance: this.#instance, instances: this.#instances, emptied: this.#emptied };
  }

  /** How long the store took to answer last, or has taken so far, in milliseconds; 0 while it is down. */
  get answerMs(): number {
    if (!this.#ports.store.state.up) return 0;
    return this.#looking ? this.#ports.clock.nowMs() - this.#askedMs : this.#answeredAfterMs;
  }

  /** How often everything that was in the store was found to be gone. */
  get losses(): number {
    return this.#instances + this.#emptied;
  }

  /** The store has everything that the journal knows, unless it has lost that since the last look. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The store holds what it held when it was last connected, as far as is known. */
  get isSure(): boolean {
    return this.#known && this.#connected;
  }

  /**
   * Takes the reason for which the store has to be filled: it has lost what was in it, or never had it. Null when it
   * need not be filled, or when the reason was taken before.
   */
  takeFillReason(): string | null {
    const reason = this.#fillReason;
    this.#fillReason = null;
    return reason;
  }

  /** The store has everything that the journal knows. */
  noteFilled(): void {
    this.#isFull = true;
  }

  /** The store may lack something that the journal knows. */
  noteDoubt(): void {
    this.#isFull = false;
  }

  /**
   * Looks at the store once more.
   *
   * @param done called after a look that began later than this call and that the store has answered, with `isFull`
   */
  lookAgain(done: (isFull: boolean) => void): void {
    this.#asked.push(done);
    this.#lookedMs = Number.NEGATIVE_INFINITY;
  }

  /** This controller ends, and its next run may use the store. @param done called in any case */
  leaveMark(done: () => void): void {
    const { journal, store } = this.#ports;
    if (!this.#isFull || !this.isSure || !store.state.up) return done();
    journal.whenDurable((error) => {
      if (error !== null || journal.lastCommit === null) return done();
      store.set(this.#filledKey, { ...MARK, value: Buffer.from(journal.lastCommit) }, () => done());
    });
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { store, clock } = this.#ports;
    if (!store.state.up) {
      this.#connected = false;
      return;
    }
    if (this.#looking) return;
    if (clock.nowMs() - this.#lookedMs < (this.#connected ? LOOK_EVERY_MS : LOOK_AGAIN_MS)) return;
    this.#looking = true;
    this.#askedMs = clock.nowMs();
    const asked = this.#asked;
    this.#asked = [];
    this.#look((found) => {
      this.#answeredAfterMs = clock.nowMs() - this.#askedMs;
      if (found === null) {
        this.#asked.unshift(...asked);
        return this.#end();
      }
      this.#judge(found);
      for (const done of asked) done(this.#isFull);
    });
  }

  /** Looks for the sentinels. The process cannot change during a connection. @param done null when the store errs */
  #look(done: (found: Found | null) => void): void {
    const { store } = this.#ports;
    const isNew = !this.#connected;
    let instance = this.#instance;
    let isFilled = false;
    let failed = false;
    if (isNew) {
      store.instanceInfo((error, info) => {
        failed ||= error !== null;
        instance = info?.instance ?? null;
      });
    }
    if (!this.#known) {
      store.get(this.#filledKey, (error, mark) => {
        failed ||= error !== null;
        isFilled = mark !== null && mark.value.toString() === this.#ports.startedAt;
      });
    }
    store.get(this.#presentKey, (error, mark) => {
      failed ||= error !== null;
      done(failed ? null : { instance, isPresent: mark !== null, isFilled });
    });
  }

  #judge(found: Found): void {
    const isFirst = !this.#known;
    const isAnother = !isFirst && this.#instance !== null && found.instance !== this.#instance;
    // mutant: misses-emptied-store
    const isEmptied = !isFirst && !isAnother && (!found.isPresent || this.#isUnmarked);
    const isUnfilled = isFirst && !(found.isPresent && found.isFilled);
    if (!isAnother && !isEmptied && !isUnfilled) {
      if (isFirst) this.#takeOver();
      return this.#accept(found);
    }
    this.#isFull = false;
    this.#isUnmarked = isEmptied;
    this.#mark((error) => {
      if (error !== null) return this.#end();
      this.#isUnmarked = false;
      if (isAnother) this.#instances++;
      if (isEmptied) this.#emptied++;
      this.#accept(found);
      if (isAnother) this.#fillReason = 'it is another process';
      if (isEmptied) this.#fillReason = 'it was emptied';
      if (isAnother || isEmptied) return;
      // mutant: trusts-unmarked-store
      if (this.#ports.journal.keys === 0) return this.noteFilled();
      this.#fillReason = this.#whyUnfilled(found);
    });
  }

  #whyUnfilled({ isPresent }: Found): string {
    // What was put there before the mark may have gone again without taking it along.
    if (this.#startsEmpty) return 'it was used before it was known';
    return isPresent
      ? 'it may lack writes, since this controller did not end in good order'
      : 'it is new, or was emptied, since this controller last ran';
  }

  /** The store has everything that an earlier run left in it. */
  #takeOver(): void {
    this.#isFull = true;
    this.#ports.store.delete(this.#filledKey, ignore);
  }

  #accept({ instance }: Found): void {
    this.#instance = instance;
    this.#known = true;
    this.#connected = this.#ports.store.state.up;
    this.#end();
  }

  #end(): void {
    this.#looking = false;
    this.#lookedMs = this.#ports.clock.nowMs();
  }

  #mark(done: (error: StoreError | null) => void): void {
    const { store } = this.#ports;
    store.delete(this.#filledKey, ignore);
    store.set(this.#presentKey, MARK, done);
  }
}

/** The key of the sentinel of the journal with that name, in every store that the journal has filled. */
export function markKeyOf(name: string): string {
  return `\0mcp${name}`;
}

/** What a look at the store has found. */
interface Found {
  readonly instance: string | null;
  readonly isPresent: boolean;
  readonly isFilled: boolean;
}

/** The time between two looks, and after a look that failed, in milliseconds. */
const LOOK_EVERY_MS = 1_000;
const LOOK_AGAIN_MS = 100;

const MARK: Entry = Object.freeze({
  version: NO_VERSION,
  flags: 0,
  expiresAtMs: 0,
  token: null,
  marks: 0,
  value: Buffer.alloc(0),
});

/** A sentinel that is missing is found to be missing later. */
function ignore(): void {}
