import { failure, type RequestFailure } from '../base/error-codes.ts';
import type { WallMs } from '../base/number-kinds.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { sameVersion } from '../ordering/version.ts';
import type { StoreError } from '../store/driver.ts';
import type { Entry } from '../store/entry.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { Reader } from './read-flow.ts';
import type { ReadWindows } from './read-windows.ts';
import type { Replica } from './replica.ts';

/**
 * @param failure null unless the entry could not be read
 * @param readAtSec when the entry was last read here before, in seconds since 1970; 0 for never
 */
export type ReadDone = (failure: RequestFailure | null, entry: Entry | null, readAtSec: number) => void;

/** What came of the search for a value that the store has lost, or cannot be asked for. */
export type FindOutcome =
  | { readonly kind: 'found'; readonly entry: Entry }
  | { readonly kind: 'failed'; readonly failure: RequestFailure }
  /** The write whose value was looked for is no longer the newest of its key. */
  | { readonly kind: 'superseded' };

/** Searches for a value elsewhere. */
export interface ValueFinder {
  /** @param trouble why the local store cannot be asked, which may have the value; null when it has lost the value */
  find(record: JournalRecord, trouble: string | null, done: (outcome: FindOutcome) => void): void;
}

export interface ReplicaReadsPorts {
  readonly replica: Replica;
  readonly store: EntryStore;
  readonly windows: ReadWindows;
  /** Finds what the journal and the store of this controller do not have. */
  readonly finder: ValueFinder;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
  /** `timeMs` may decide whether an entry has expired. At the ordered levels the controllers have to agree on it first. */
  readonly isTimed: () => boolean;
  /**
   * Told, when a read is issued, what the read will bring: the record that the journal has then, if any. Null where
   * nothing asks for it.
   */
  readonly onIssue: OnIssue | null;
}

type OnIssue = (key: string, record: JournalRecord | undefined, reader: Reader) => void;

/**
 * Reads of the replica's entries, each when there is budget for its value, and when it is its client's turn.
 *
 * The journal says, when the read is issued, which version the read has to bring. A value that the store has lost is
 * searched for in the journal, and then at the peers.
 */
export class ReplicaReads {
  readonly #replica: Replica;
  readonly #journal: Journal;
  readonly #store: EntryStore;
  readonly #windows: ReadWindows;
  readonly #finder: ValueFinder;
  readonly #timeMs: () => WallMs;
  readonly #isTimed: () => boolean;
  readonly #onIssue: OnIssue | null;

  constructor({ replica, store, windows, finder, timeMs, isTimed, onIssue }: ReplicaReadsPorts) {
    this.#replica = replica;
    this.#journal = replica.journal;
    this.#store = store;
    this.#windows = windows;
    this.#finder = finder;
    this.#timeMs = timeMs;
    this.#isTimed = isTimed;
    this.#onIssue = onIssue;
  }

  /**
   * Reads the newest entry of the key; null when there is none. The journal or a peer stands in for a store that has
   * lost the value, or cannot be asked.
   *
   * The read is issued when there is budget for the value, and when it is its client's turn: usually now. Nothing is
   * looked at before, so the read finds what is newest when it is issued.
   *
   * @param done not called, or called with a failure, once the reader is gone
   */
  read(key: string, done: ReadDone, reader: Reader): void {
    const refusal = this.#refusal(key);
    if (refusal !== null) return done(refusal, null, 0);
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record === null) return this.#onNothing(key, done, reader);
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

  /**
   * For a read whose lost value was overwritten while it was looked for. It has its room and its turn already.
   *
   * @param bytes what the window for values from elsewhere counts for it. The newest value may have to be looked for
   *   there as well, and must not wait for bytes that this read still counts
   */
  #readAgain(key: string, bytes: number, done: ReadDone, reader: Reader): void {
    // mutant: reads-again-within-window
    this.#windows.elsewhere.leave(bytes);
    const refusal = this.#refusal(key);
    if (refusal !== null) return done(refusal, null, 0);
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record === null) {
      this.#onIssue?.(key, this.#journal.newest(key), reader);
      done(null, null, 0);
    } else this.#issue(record, nowMs, 0, done, reader);
  }

  /**
   * Gives out a value that the same request has read already. That takes budget and a turn, as if the value were read
   * again.
   */
  readAgainFromMemory(bytes: number, done: () => void, reader: Reader): void {
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

  /** To be called at the end of a turn: values that were given from memory have left. */
  onTurnEnd(): void {
    this.#windows.store.onTurnEnd();
  }

  /** Why the key cannot be read now; null when it can. */
  #refusal(key: string): RequestFailure | null {
    if (this.#replica.isUnserved(key)) return MOVED;
    // mutant: expires-by-own-clock
    return this.#isTimed() || !this.#dependsOnTime(key) ? null : UNTIMED;
  }

  /** The entry of the key may have expired, or may have been flushed, by a time that is not agreed on yet. */
  #dependsOnTime(key: string): boolean {
    const record = this.#journal.newest(key);
    if (record === undefined || record.tombstone) return false;
    return record.expiresAtMs !== 0 || this.#journal.announcedFlush !== null;
  }

  #liveRecord(key: string, nowMs: number): JournalRecord | null {
    const record = this.#journal.newest(key);
    return record !== undefined && this.#journal.isLive(record, nowMs) ? record : null;
  }

  #onNothing(key: string, done: ReadDone, reader: Reader): void {
    this.#onIssue?.(key, this.#journal.newest(key), reader);
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
    const refusal = this.#refusal(key);
    if (refusal !== null) {
      this.#windows.store.leave(bytes);
      return done(refusal, null, 0);
    }
    const nowMs = this.#timeMs();
    const record = this.#liveRecord(key, nowMs);
    if (record !== null) return this.#issue(record, nowMs, bytes, done, reader);
    this.#windows.store.leave(bytes);
    this.#onNothing(key, done, reader);
  }

  /** @param bytes what the window counts for it */
  #issue(record: JournalRecord, nowMs: number, bytes: number, done: ReadDone, reader: Reader): void {
    const { store } = this.#windows;
    const { key, readAtSec } = record;
    const nowSec = Math.floor(nowMs / 1000);
    this.#onIssue?.(key, record, reader);
    const hot = this.#replica.hot.get(key, record.version, nowSec);
    const isReadAgain = nowSec - readAtSec <= HOT_WITHIN_SEC;
    if (reader.countsAsRead && readAtSec !== nowSec) this.#journal.noteRead(key, nowSec);
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
      if (isReadAgain) this.#replica.hot.offer(key, entry, nowSec);
      if (entry.value.length !== record.valueBytes) reader.reserve(entry.value.length + READ_BYTES);
      done(null, entry, readAtSec);
    });
    reader.onIssued();
  }

  /** Reads a value that the store has lost, or cannot be asked for. */
  #readElsewhere(record: JournalRecord, error: StoreError | null, done: ReadDone, reader: Reader): void {
    const { elsewhere } = this.#windows;
    const bytes = expectedBytes(record);
    const go = () => this.#find(record, error, bytes, done, reader);
    if (elsewhere.enter(bytes)) go();
    else {
      const drop = () => done(NOT_WANTED, null, 0);
      elsewhere.wait(reader.flow, { bytes, isGone: () => reader.isGone, go, drop });
    }
  }

  /** @param bytes what the window counts for it */
  #find(
    record: JournalRecord,
    error: StoreError | null,
    bytes: number,
    done: ReadDone,
    reader: Reader,
  ): void {
    const { elsewhere } = this.#windows;
    const { key, version, readAtSec } = record;
    const onRead = (failed: RequestFailure | null, entry: Entry | null): void => {
      elsewhere.leave(bytes);
      done(failed, entry, readAtSec);
    };
    this.#replica.noteMissing(error !== null);
    this.#replica.fromJournal(key, version, error === null, (journalled) => {
      if (journalled !== null) return onRead(null, journalled);
      // mutant: lost-value-is-miss
      this.#finder.find(record, error === null ? null : error.message, (outcome) => {
        if (outcome.kind === 'found') onRead(null, outcome.entry);
        else if (outcome.kind === 'failed') onRead(outcome.failure, null);
        else if (reader.hasMovedOn) onRead(LOST_AND_OVERWRITTEN, null);
        else this.#readAgain(key, bytes, done, reader);
      });
    });
  }
}

/** An entry that is read twice within this time is hot. */
const HOT_WITHIN_SEC = 60;

/**
 * What a read takes beside the value, in bytes: a request and a reply of a memcached, and what is remembered of both.
 */
const READ_BYTES = 64;

/** A wrong clock would take an entry for expired that is not, or for alive that is not. */
const UNTIMED = failure(
  'CLOCK_UNKNOWN',
  'the controllers have not yet agreed on the time, by which this entry may have expired; try again',
);

/** The result for a reader that is gone: no client sees it. */
const NOT_WANTED = failure('CLIENT_LEFT', 'the value is not wanted any more');

/** A value whose size is not known is taken to have so many bytes. */
const UNKNOWN_VALUE_BYTES = 1_048_576;

function expectedBytes({ valueBytes = UNKNOWN_VALUE_BYTES }: JournalRecord): number {
  return valueBytes + READ_BYTES;
}

/** The result for a reader whose keyspace another group has by now. The caller reads from that one. */
const MOVED = failure('READ_OVERTAKEN', 'the level of the keyspace changed while it was read; try again');

/** The result for a reader whose value was lost, and whose client has moved on. */
const LOST_AND_OVERWRITTEN = failure(
  'READ_OVERTAKEN',
  'the local store lost the value while it was read; try again',
);
