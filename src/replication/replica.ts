import type { WallMs } from '../base/number-kinds.ts';
import type { Journal } from '../journal/journal.ts';
import { type Effect, isOfKey, type JoinEffect } from '../ordering/effect.ts';
import { NO_VERSION, sameVersion, type Version } from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import type { StoreError } from '../store/driver.ts';
import type { Entry } from '../store/entry.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { HotEntries } from '../store/hot-entries.ts';
import { entryOf, setOfEntry } from './entry-effect.ts';
import type { DifferenceBase } from './evaluation.ts';
import { UnstoredKeys } from './unstored-keys.ts';
import { UnstoredValues } from './unstored-values.ts';

/**
 * The state of one group on one controller: the journal, which knows what should be there, and the store, which has
 * the values. The scheme of the group decides what is applied when; `ReplicaReads` reads from it.
 *
 * Invariant: a write is journalled and handed to the store in one step, and the store takes effect in the order of
 * the calls. Therefore a read that is issued now finds exactly the version that the journal names now, unless the
 * store has lost it. An older value is never taken for the newest, and a lost value is never taken for a miss.
 */
export class Replica {
  readonly journal: Journal;
  readonly hot: HotEntries;
  readonly #store: EntryStore;
  readonly #timeMs: () => WallMs;
  readonly #counters = { missing: 0, unanswered: 0, fromJournal: 0 };
  #guard: ValueGuard | null = null;
  /** Of each origin, the newest version that this run has copied here from other groups. */
  readonly copied = new VersionVector([]);
  /** Keys whose value has to be brought to the store. */
  readonly unstored = new UnstoredKeys();
  /** Of these keys, the values that the journal does not have either. */
  readonly #values = new UnstoredValues();
  /** Keys with a value that the store was not given, because it had the value of another group for the key. */
  readonly #withheld = new UnstoredKeys();

  /** @param timeMs cluster time, milliseconds since 1970 */
  constructor(journal: Journal, store: EntryStore, hot: HotEntries, timeMs: () => WallMs) {
    this.journal = journal;
    this.#store = store;
    this.hot = hot;
    this.#timeMs = timeMs;
  }

  /** Null while the store has no values of other groups for keys that are recorded here. */
  get guard(): ValueGuard | null {
    return this.#guard;
  }

  /** To be called whenever the store may have the values of another group for a key than before. */
  guardBy(guard: ValueGuard | null): void {
    this.#guard = guard;
    // mutant: forgets-withheld-values
    this.#withheld.moveTo(this.unstored, (key) => !this.isForeign(key));
    if (guard === null) this.#withheld.take();
  }

  get counters(): ReplicaCounters {
    return this.#counters;
  }

  /**
   * Counts a read that did not get the value from the store.
   *
   * @param isUnanswered the store did not answer: it may have the value
   */
  noteMissing(isUnanswered: boolean): void {
    this.#counters.missing++;
    if (isUnanswered) this.#counters.unanswered++;
  }

  /** The version that a condition is compared with: that of the newest write, `NO_VERSION` after a deletion. */
  currentVersion(key: string): Version {
    const record = this.journal.newest(key);
    return record === undefined || record.tombstone ? NO_VERSION : record.version;
  }

  /** The effect has no condition, or its key still has the version that it names. */
  meets(effect: Effect): boolean {
    if (!isOfKey(effect) || effect.condition === null) return true;
    return sameVersion(effect.condition, this.currentVersion(effect.key));
  }

  /**
   * What a difference can be added to without reading the value, which the journal here has on disk; null where there
   * is no such value.
   */
  baseOnDisk(key: string): DifferenceBase | null {
    const { journal } = this;
    const newest = journal.newest(key);
    if (newest === undefined || newest.tombstone || journal.lacksValue(key, newest.version)) return null;
    const chain = journal.chainOf(key);
    return newest.valueBytes === undefined || chain === null
      ? null
      : { valueBytes: newest.valueBytes, chain };
  }

  /** The key has an entry that a client may see. */
  isLive(key: string): boolean {
    const record = this.journal.newest(key);
    return record !== undefined && this.journal.isLive(record, this.#timeMs());
  }

  /**
   * Takes a write in, unless a newer one of its key is known.
   *
   * @param done called once the store has taken it
   * @returns false when the write was not the newest; `done` is called all the same
   */
  apply(effect: Effect, done: (error: StoreError | null) => void): boolean {
    if (!this.journal.record(effect)) {
      done(null);
      return false;
    }
    if (effect.kind === 'set' && effect.value !== null) {
      this.#set(effect.key, entryOf(effect, effect.value), done);
    } else if (effect.kind === 'join') {
      this.#join(effect, done);
    } else if (effect.kind === 'delete') {
      this.#delete(effect.key, done);
    } else {
      if (effect.kind === 'set') this.unstored.add(effect.key);
      done(null);
    }
    return true;
  }

  /**
   * Takes in a write that an exchange has brought. A known write may have come before without its value, from a peer
   * whose store had lost it.
   *
   * @returns false when the write, or a newer one, was known
   */
  merge(effect: Effect): boolean {
    if (this.apply(effect, ignoreResult)) return true;
    if (effect.kind !== 'set' || effect.value === null) return false;
    if (this.journal.lacksValue(effect.key, effect.version)) {
      this.refill(effect.key, entryOf(effect, effect.value));
      this.journal.addValue(effect);
    }
    return false;
  }

  /** Reads the value of this very write, for a peer that asks. */
  readHere(
    key: string,
    version: Version,
    done: (error: StoreError | null, entry: Entry | null) => void,
  ): void {
    this.#store.get(key, (error, entry) => {
      if (entry !== null && sameVersion(entry.version, version)) return done(null, entry);
      this.fromJournal(key, version, error === null, (kept) => done(kept === null ? error : null, kept));
    });
  }

  /**
   * Has the store hold the newest entry of the key, as far as its value is here.
   *
   * @param done what came of it, and how large the value is, in bytes
   */
  restock(key: string, done: (outcome: Restocked, bytes: number) => void): void {
    const record = this.journal.newest(key);
    if (record === undefined || !this.journal.isLive(record, this.#timeMs())) {
      this.#values.drop(key);
      return done('held', 0);
    }
    this.#store.get(key, (error, entry) => {
      if (error !== null) {
        this.#noteAway(key, error);
        return done('failed', 0);
      }
      if (entry !== null && sameVersion(entry.version, record.version)) {
        this.#values.drop(key);
        return done('held', entry.value.length);
      }
      this.#valueInJournal(key, record.version, (kept) => {
        const newest = this.journal.newest(key);
        if (newest === undefined || !sameVersion(newest.version, record.version)) {
          this.#noteOvertaken(key);
          return done('held', 0);
        }
        if (kept === null) return done('lost', 0);
        this.refill(key, kept, (refused) =>
          done(refused === null ? 'refilled' : 'failed', kept.value.length),
        );
      });
    });
  }

  /** Puts back a value that a peer still had. */
  restore(key: string, entry: Entry, done: (error: StoreError | null) => void = ignoreResult): void {
    this.refill(key, entry, done);
    this.journal.addValue(setOfEntry(key, entry));
  }

  /**
   * The key's entry has expired, so its value need not be kept here. A store that is away may keep it until it evicts
   * it.
   */
  dropValue(key: string): void {
    this.#values.drop(key);
    if (this.isForeign(key)) return;
    this.hot.remove(key);
    this.#store.delete(key, ignoreResult);
  }

  /** Puts a value back that the store had lost, unless the key has been written since. */
  refill(key: string, entry: Entry, done: (error: StoreError | null) => void = ignoreResult): void {
    const record = this.journal.newest(key);
    if (record === undefined || record.tombstone || !sameVersion(record.version, entry.version)) {
      this.#noteOvertaken(key);
      return done(null);
    }
    this.#set(key, entry, done);
  }

  /**
   * An entry is hot only once the store has it. A write that is refused may be taken back, and must not have been
   * seen.
   */
  #set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    this.#values.drop(key);
    if (this.isForeign(key)) {
      this.#withheld.add(key);
      return done(null);
    }
    // mutant: hot-before-stored
    this.#store.set(key, entry, (error) => {
      if (error === null) this.hot.replace(key, entry);
      else this.#noteAway(key, error, entry);
      done(error);
    });
  }

  /** A store that has lost the value that the bytes are added to lacks the new one, too. */
  #join(effect: JoinEffect, done: (error: StoreError | null) => void): void {
    const { key, condition: base, version, side, part: bytes } = effect;
    this.#values.drop(key);
    if (this.isForeign(key)) return done(null);
    this.hot.remove(key);
    this.#store.join(key, { base, version, side, bytes }, (error, found) => {
      if (error !== null) this.#noteAway(key, error);
      else if (!found) this.unstored.add(key);
      done(error);
    });
  }

  /**
   * The value for the store came too late, since the key was written meanwhile. If that write was a difference, the
   * store could not add it to a value that it did not have.
   */
  #noteOvertaken(key: string): void {
    if ((this.journal.chainOf(key)?.count ?? 0) > 0) this.unstored.add(key);
  }

  /** If the deletion is taken back, the key has an entry again. */
  #delete(key: string, done: (error: StoreError | null) => void): void {
    this.#values.drop(key);
    if (this.isForeign(key)) return done(null);
    this.hot.remove(key);
    this.#store.delete(key, (error) => {
      if (error !== null) this.#noteAway(key, error);
      done(error);
    });
  }

  /** The store has the value of another group for this key. */
  isForeign(key: string): boolean {
    // mutant: writes-values-of-another-group
    return this.#guard !== null && !this.#guard.owns(key);
  }

  /**
   * A store that is up would refuse the write again.
   *
   * @param entry what the store did not take; null where it was not given a whole value
   */
  #noteAway(key: string, { code }: StoreError, entry: Entry | null = null): void {
    if (code !== 'STORE_DOWN' && code !== 'STORE_TIMEOUT') return;
    // mutant: forgets-unstored
    this.unstored.add(key);
    // mutant: forgets-unstored-values
    if (entry !== null && this.journal.lacksValue(key, entry.version)) this.#values.keep(key, entry);
  }

  /**
   * The value that the journal has of this write, or that is kept in its place; null when there is none, or it cannot
   * be read.
   *
   * @param refills the store has lost the value, and gets it back
   */
  fromJournal(key: string, version: Version, refills: boolean, done: (entry: Entry | null) => void): void {
    this.#valueInJournal(key, version, (entry) => {
      if (entry !== null) {
        this.#counters.fromJournal++;
        if (refills) this.refill(key, entry);
      }
      done(entry);
    });
  }

  #valueInJournal(key: string, version: Version, done: (entry: Entry | null) => void): void {
    const kept = this.#values.get(key, version);
    // A write that the journal does not name was taken back, since the store refused it.
    // mutant: shows-unstored-write-taken-back
    if (kept !== null && this.journal.lacksValue(key, version)) return done(kept);
    this.journal.valueOf(key, version, (_, effect) =>
      done(effect === null || effect.value === null ? null : entryOf(effect, effect.value)),
    );
  }

  /**
   * Another group serves the key. The records here are those of a move: no peer is told of them, and they do not end
   * when they expire.
   */
  isUnserved(key: string): boolean {
    return this.#guard !== null && !this.#guard.serves(key);
  }

  /** Why the store cannot be used; null when it can. */
  storeTrouble(): string | null {
    const { state } = this.#store;
    return state.up ? null : state.reason;
  }
}

/**
 * Tells whose values the store has. While a keyspace moves, two groups have records of it, and the store has one
 * value of each key.
 */
export interface ValueGuard {
  /** No write of the keys that move is taken, and the group before still serves them, as far as is known here. */
  readonly isBehindBarrier: boolean;
  /**
   * The value of the key in the store is that of this group. Where the group that serves the key is not on this
   * controller, that is the other group of the move.
   */
  owns(key: string): boolean;
  /** This group serves the key, by the placement that was accepted last. */
  serves(key: string): boolean;
  /**
   * The records of the key in this group may be those that count: the group has the key by the placement that was
   * installed last, or by the one that was accepted last, which may never be installed.
   */
  tells(key: string): boolean;
}

/** `held`: the store has it, or need not have it; `lost`: the value is not here; `failed`: the store errs. */
export type Restocked = 'held' | 'refilled' | 'lost' | 'failed';

export interface ReplicaCounters {
  /** Values that a read did not get from the store, although the journal names them. */
  readonly missing: number;
  /** Those for which the store did not answer: it may have the value. */
  readonly unanswered: number;
  /** Those that the journal had, or that were kept in its place until the store takes them. */
  readonly fromJournal: number;
}

/** A store that fails here is left without the value, which is noted. */
function ignoreResult(): void {}
