import type { Clock } from '../../base/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import { NO_VERSION } from '../../ordering/version.ts';
import type { StoreError } from '../../store/driver.ts';
import type { Entry } from '../../store/entry.ts';
import type { EntryStore } from '../../store/entry-store.ts';

export interface StoreWatchPorts {
  readonly store: EntryStore;
  readonly journal: Journal;
  /** Names the journal, at random: that a store was filled from another one says nothing. */
  readonly name: string;
  /** The journal's position at the start. */
  readonly startedAt: string | null;
  readonly clock: Clock;
}

export interface StoreWatchFigures {
  /** As in `StoreInstance`; null while nothing is known. */
  readonly instance: string | null;
  /** Times that another process had taken the place of the one before. */
  readonly instances: number;
  /** Times that the same process was found without what had been put there. */
  readonly emptied: number;
}

/**
 * Knows whether the store is still the one that was filled, not only whether it is connected. Into each store that
 * it finds it puts a mark of its own, and looks for it again on every connection and once a second. The mark goes
 * with everything else: another process does not have it, nor one that was restarted or flushed from outside. A
 * look costs the same however many keys there are.
 *
 * Which process it is, the store itself says. That tells a flush from a restart, and finds a process that has an old
 * mark of ours, since it was the store once before.
 *
 * A second mark says that the store had all when its controller ended in good order: all up to the position that the
 * journal had then. It is asked for at the start, when a store may have outlived its controller, and holds only if the
 * journal has not gone on since: a life in between may have been killed with writes that the store never got. It is
 * taken away then, so that it does not stand for what this life overwrites and is killed before it has kept.
 */
export class StoreWatch {
  readonly #ports: StoreWatchPorts;
  readonly #presentKey: string;
  readonly #filledKey: string;
  /** Nothing was known at the start that the store should have had. */
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
  /** It had all that the journal knew, and has been given all since, unless that is known to have failed. */
  #isFull = false;

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

  /** What is in the store is what was there when it was last connected, as far as is known. */
  get isSure(): boolean {
    return this.#known && this.#connected;
  }

  /** Why the store has to be filled: it has lost what was in it, or never had it. Null when it need not be; told once. */
  takeFillReason(): string | null {
    const reason = this.#fillReason;
    this.#fillReason = null;
    return reason;
  }

  /** The store has all that the journal knows. */
  noteFilled(): void {
    this.#isFull = true;
  }

  /** This controller ends, and the store may be used by its next life. @param done called in any case */
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
    this.#look((found) => {
      this.#answeredAfterMs = clock.nowMs() - this.#askedMs;
      if (found !== null) return this.#judge(found);
      this.#end();
    });
  }

  /** Which process it is can't change while it is connected. @param done null: the store errs */
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
    const isEmptied = !isFirst && !isAnother && !found.isPresent;
    const isUnfilled = isFirst && !(found.isPresent && found.isFilled);
    if (!isAnother && !isEmptied && !isUnfilled) {
      if (isFirst) this.#takeOver();
      return this.#accept(found);
    }
    this.#isFull = false;
    this.#mark((error) => {
      if (error !== null) return this.#end();
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

  /** The store has all that a former life left in it. */
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

/** Under this key is the mark of the journal of that name, in every store that it has filled. */
export function markKeyOf(name: string): string {
  return `\0mcp${name}`;
}

/** What a look at the store has found. */
interface Found {
  readonly instance: string | null;
  readonly isPresent: boolean;
  readonly isFilled: boolean;
}

/** Between two looks, and after one that came to nothing, in milliseconds. */
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

/** A mark that is missing later is found to be missing. */
function ignore(): void {}
