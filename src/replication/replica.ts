import { failure, type RequestFailure } from '../base/error-codes.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { type Effect, isOfKey } from '../ordering/effect.ts';
import { NO_VERSION, sameVersion, type Version } from '../ordering/version.ts';
import type { StoreError } from '../store/driver.ts';
import type { Entry } from '../store/entry.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { HotEntries } from '../store/hot-entries.ts';
import { entryOf, setOfEntry } from './entry-effect.ts';
import type { Reader } from './read-flow.ts';
import type { ReadWindows } from './read-windows.ts';
import { UnstoredKeys } from './unstored-keys.ts';

/**
 * The state of one controller: the journal, which knows what should be there, and the store, which has the
 * values. Both engines apply to it and read from it; neither decides here what may be applied when.
 *
 * Invariant: a write is journalled and handed to the store in one step, and the store takes effect in issue
 * order. So a read that is issued now finds exactly the version that the journal names now, or the store has
 * lost it: an older value is never taken for the newest, and a lost one is never taken for a miss.
 */
export class Replica {
  readonly journal: Journal;
  readonly hot: HotEntries;
  readonly #store: EntryStore;
  readonly #timeMs: () => number;
  readonly #windows: ReadWindows;
  readonly #counters = { missing: 0, unanswered: 0, fromJournal: 0 };
  /** Keys whose value has to be brought to the store. */
  readonly unstored = new UnstoredKeys();
  /** Asks elsewhere for what this store has lost, or can't be asked for: `trouble` says why, for people. */
  onMissing: (record: JournalRecord, trouble: string | null, done: ReadDone, reader: Reader) => void = (
    _record,
    _trouble,
    done,
  ) => done(failure('VALUE_LOST', 'the value is lost'), null, 0);

  /** @param timeMs cluster time, milliseconds since 1970 */
  constructor(
    journal: Journal,
    store: EntryStore,
    hot: HotEntries,
    timeMs: () => number,
    windows: ReadWindows,
  ) {
    this.journal = journal;
    this.#store = store;
    this.hot = hot;
    this.#timeMs = timeMs;
    this.#windows = windows;
  }

  get counters(): ReplicaCounters {
    return this.#counters;
  }

  /** The version that a condition compares with: that of the newest write, or none when it was a delete. */
  heldVersion(key: string): Version {
    const record = this.journal.newest(key);
    return record === undefined || record.tombstone ? NO_VERSION : record.version;
  }

  /** The effect has no condition, or its key still has the version that it names. */
  meets(effect: Effect): boolean {
    if (!isOfKey(effect) || effect.base === null) return true;
    return sameVersion(effect.base, this.heldVersion(effect.key));
  }

  /** There is an entry for a client to see. */
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
    } else if (effect.kind === 'delete') {
      this.#delete(effect.key, done);
    } else {
      if (effect.kind === 'set') this.unstored.add(effect.key);
      done(null);
    }
    return true;
  }

  /**
   * Takes in a write that a peer brings, as part of a transfer. One that is known already may have come
   * without its value before, from a peer whose store had lost it.
   *
   * @returns false when it was known, or a newer one is
   */
  merge(effect: Effect): boolean {
    if (this.apply(effect, ignoreResult)) return true;
    if (effect.kind !== 'set' || effect.value === null) return false;
    if (this.journal.lacksValue(effect.key, effect.version)) {
      this.refill(effect.key, entryOf(effect, effect.value));
      this.journal.fill(effect);
    }
    return false;
  }

  /**
   * The newest entry of the key; null when there is none. A store that has lost it, or can't be asked, is no matter as long
   * as the journal or a peer has it.
   *
   * The read is issued when there is room for the value, and when it is its client's turn: usually now. Until then
   * nothing is looked at, so that it finds what is newest when it is issued.
   *
   * @param done not called, or with an error, where the reader is gone
   */
  read(key: string, done: ReadDone, reader: Reader): void {
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record === null) return this.#onNothing(done, reader);
    const bytes = expectedBytes(record);
    const { flow } = reader;
    if (!flow.take(reader, bytes)) {
      // mutant: overtakes-read-without-room
      flow.wait(reader, bytes, () => this.#readInTurn(key, bytes, done, reader));
    } else if (this.#windows.store.enter(bytes)) {
      this.#issue(record, nowMs, bytes, done, reader);
    } else {
      this.#waitForTurn(key, bytes, done, reader);
    }
  }

  /** The same for a read that was issued before, and whose value has been overwritten since: its room and turn are its own. */
  readAgain(key: string, done: ReadDone, reader: Reader): void {
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record === null) done(null, null, 0);
    else this.#issue(record, nowMs, 0, done, reader);
  }

  /** What one request has read already is given out once more: it takes room and a turn as if it were read again. */
  giveAgain(bytes: number, done: () => void, reader: Reader): void {
    const { flow } = reader;
    const { store } = this.#windows;
    const give = () => {
      store.leaveAtTurnEnd(bytes);
      reader.onIssued();
      done();
    };
    const giveInTurn = () => {
      if (store.enter(bytes)) give();
      else store.wait(flow, { bytes, isGone: () => reader.isGone, go: give, drop: done });
    };
    if (flow.take(reader, bytes)) giveInTurn();
    else flow.wait(reader, bytes, giveInTurn);
  }

  /** Values that were given from memory have left. */
  onTurnEnd(): void {
    this.#windows.store.onTurnEnd();
  }

  #liveRecord(key: string, nowMs: number): JournalRecord | null {
    const record = this.journal.newest(key);
    return record !== undefined && this.journal.isLive(record, nowMs) ? record : null;
  }

  #onNothing(done: ReadDone, reader: Reader): void {
    reader.onIssued();
    done(null, null, 0);
  }

  #readInTurn(key: string, bytes: number, done: ReadDone, reader: Reader): void {
    if (this.#windows.store.enter(bytes)) this.#readNow(key, bytes, done, reader);
    else this.#waitForTurn(key, bytes, done, reader);
  }

  #waitForTurn(key: string, bytes: number, done: ReadDone, reader: Reader): void {
    // mutant: overtakes-read-in-line
    this.#windows.store.wait(reader.flow, {
      bytes,
      isGone: () => reader.isGone,
      go: () => this.#readNow(key, bytes, done, reader),
      drop: () => done(NOT_WANTED, null, 0),
    });
  }

  #readNow(key: string, bytes: number, done: ReadDone, reader: Reader): void {
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record !== null) return this.#issue(record, nowMs, bytes, done, reader);
    this.#windows.store.leave(bytes);
    this.#onNothing(done, reader);
  }

  /** @param bytes what the window counts for it */
  #issue(record: JournalRecord, nowMs: number, bytes: number, done: ReadDone, reader: Reader): void {
    const { store } = this.#windows;
    const { key, readAtSec } = record;
    const nowSec = Math.floor(nowMs / 1000);
    const hot = this.hot.get(key, record.version, nowSec);
    const isReadAgain = nowSec - readAtSec <= HOT_WITHIN_SEC;
    if (reader.countsAsRead && readAtSec !== nowSec) this.journal.noteRead(key, nowSec);
    if (hot !== null) {
      store.leaveAtTurnEnd(bytes);
      reader.onIssued();
      return done(null, hot, readAtSec);
    }
    this.#store.get(key, (error, entry) => {
      store.leave(bytes);
      if (reader.isGone) return done(NOT_WANTED, null, 0);
      // mutant: value-of-another-version
      if (entry === null || !sameVersion(entry.version, record.version)) {
        return this.#readElsewhere(record, error, done, reader);
      }
      if (isReadAgain) this.hot.offer(key, entry, nowSec);
      if (entry.value.length !== record.valueBytes) reader.hold(entry.value.length + READ_BYTES);
      done(null, entry, readAtSec);
    });
    reader.onIssued();
  }

  /** Reads what the store has lost, or can't be asked for. */
  #readElsewhere(record: JournalRecord, error: StoreError | null, done: ReadDone, reader: Reader): void {
    const { elsewhere } = this.#windows;
    const bytes = expectedBytes(record);
    const onRead = (failed: RequestFailure | null, entry: Entry | null) => {
      elsewhere.leave(bytes);
      done(failed, entry, record.readAtSec);
    };
    const go = () => {
      this.#counters.missing++;
      if (error !== null) this.#counters.unanswered++;
      this.#fromJournal(record.key, record.version, error === null, (kept) => {
        if (kept !== null) onRead(null, kept);
        // mutant: lost-value-is-miss
        else this.onMissing(record, error === null ? null : error.message, onRead, reader);
      });
    };
    if (elsewhere.enter(bytes)) go();
    else {
      const drop = () => done(NOT_WANTED, null, 0);
      elsewhere.wait(reader.flow, { bytes, isGone: () => reader.isGone, go, drop });
    }
  }

  /** What is here of this very write, for a peer that asks. */
  readHere(
    key: string,
    version: Version,
    done: (error: StoreError | null, entry: Entry | null) => void,
  ): void {
    this.#store.get(key, (error, entry) => {
      if (entry !== null && sameVersion(entry.version, version)) return done(null, entry);
      this.#fromJournal(key, version, error === null, (kept) => done(kept === null ? error : null, kept));
    });
  }

  /**
   * Has the store hold the newest entry of the key, as far as its value is here.
   *
   * @param done what came of it, and how large the value is, in bytes
   */
  restock(key: string, done: (outcome: Restocked, bytes: number) => void): void {
    const record = this.journal.newest(key);
    if (record === undefined || !this.journal.isLive(record, this.#timeMs())) return done('held', 0);
    this.#store.get(key, (error, entry) => {
      if (error !== null) {
        this.#noteAway(key, error);
        return done('failed', 0);
      }
      if (entry !== null && sameVersion(entry.version, record.version))
        return done('held', entry.value.length);
      this.#valueInJournal(key, record.version, (kept) => {
        const newest = this.journal.newest(key);
        if (newest === undefined || !sameVersion(newest.version, record.version)) return done('held', 0);
        if (kept === null) return done('lost', 0);
        this.refill(key, kept, (refused) =>
          done(refused === null ? 'refilled' : 'failed', kept.value.length),
        );
      });
    });
  }

  /** A peer had the value of a write that was lost here. */
  restore(key: string, entry: Entry, done: (error: StoreError | null) => void = ignoreResult): void {
    this.refill(key, entry, done);
    this.journal.fill(setOfEntry(key, entry));
  }

  /** The key's entry has expired: nothing here need keep its value. A store that is away may keep it until it evicts it. */
  dropValue(key: string): void {
    this.hot.remove(key);
    this.#store.delete(key, ignoreResult);
  }

  /** Puts a value back that the store had lost, unless the key has been written since. */
  refill(key: string, entry: Entry, done: (error: StoreError | null) => void = ignoreResult): void {
    const record = this.journal.newest(key);
    if (record === undefined || record.tombstone || !sameVersion(record.version, entry.version))
      return done(null);
    this.#set(key, entry, done);
  }

  /** It is hot only once the store has it: a write that is refused may be taken back, and must not have been seen. */
  #set(key: string, entry: Entry, done: (error: StoreError | null) => void): void {
    // mutant: hot-before-stored
    this.#store.set(key, entry, (error) => {
      if (error === null) this.hot.replace(key, entry);
      else this.#noteAway(key, error);
      done(error);
    });
  }

  /** Where it is taken back, the key has an entry again. */
  #delete(key: string, done: (error: StoreError | null) => void): void {
    this.hot.remove(key);
    this.#store.delete(key, (error) => {
      if (error !== null) this.#noteAway(key, error);
      done(error);
    });
  }

  /** What a store that is there refuses, it would refuse again. */
  #noteAway(key: string, { code }: StoreError): void {
    // mutant: forgets-unstored
    if (code === 'STORE_DOWN' || code === 'STORE_TIMEOUT') this.unstored.add(key);
  }

  /**
   * The value that the journal keeps of this write. One that can't be read is lost.
   *
   * @param refills the store has lost it, and has it again then
   */
  #fromJournal(key: string, version: Version, refills: boolean, done: (entry: Entry | null) => void): void {
    this.#valueInJournal(key, version, (entry) => {
      if (entry !== null) {
        this.#counters.fromJournal++;
        if (refills) this.refill(key, entry);
      }
      done(entry);
    });
  }

  #valueInJournal(key: string, version: Version, done: (entry: Entry | null) => void): void {
    this.journal.valueOf(key, version, (_, effect) =>
      done(effect === null || effect.value === null ? null : entryOf(effect, effect.value)),
    );
  }

  /** Null when the store can be used, else why not. */
  storeTrouble(): string | null {
    const { state } = this.#store;
    return state.up ? null : state.reason;
  }
}

/** `held`: the store has it, or need not have it; `lost`: the value is not here; `failed`: the store errs. */
export type Restocked = 'held' | 'refilled' | 'lost' | 'failed';

export interface ReplicaCounters {
  /** Values that a read did not find in the store, though they should have been there, or that it could not be asked for. */
  readonly missing: number;
  /** Of those, the ones that the store did not answer: it may have the value. */
  readonly unanswered: number;
  /** Of all those, the ones that the journal had. */
  readonly fromJournal: number;
}

/** An entry that is read twice within this time is hot. */
const HOT_WITHIN_SEC = 60;

/** What a read takes beside the value, in bytes: a request and a reply to a memcached, and what is remembered of both. */
const READ_BYTES = 64;

/** What a read comes to whose reader is gone: nobody sees it. */
const NOT_WANTED = failure('CLIENT_LEFT', 'the value is not wanted any more');

/** A value whose size is not known is taken to have so many bytes. */
const UNKNOWN_VALUE_BYTES = 1_048_576;

function expectedBytes({ valueBytes = UNKNOWN_VALUE_BYTES }: JournalRecord): number {
  return valueBytes + READ_BYTES;
}

/** What a reader is told whose value was lost, and which has gone on meanwhile. */
export const LOST_AND_OVERWRITTEN = failure(
  'READ_OVERTAKEN',
  'the local store lost the value while it was read; try again',
);

/**
 * @param failure null unless the entry could not be read
 * @param readAtSec when the entry was last read here before, in seconds since 1970; 0 for never
 */
export type ReadDone = (failure: RequestFailure | null, entry: Entry | null, readAtSec: number) => void;

/** A store that fails here is left without the value, which is noted. */
function ignoreResult(): void {}
