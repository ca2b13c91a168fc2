import type { MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import type { ChainSum, Effect, SetEffect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';

/** The journal's data on the newest completed write of a key, as of the moment when it was asked for. */
export interface JournalRecord {
  readonly key: string;
  readonly version: Version;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  /** The write was a delete. */
  readonly tombstone: boolean;
  /** The CAS token of the entry; null when it is the packed version. */
  readonly token: bigint | null;
  /** Bits of `MARKS`. */
  readonly marks: number;
  /**
   * When the entry was last read on this controller, in seconds since 1970; 0 for never. It is not replicated.
   */
  readonly readAtSec: number;
  /** The size of the value; undefined when the write came without it. */
  readonly valueBytes?: number | undefined;
}

/** The progress of a replica. On disk it is part of the same commit as the writes before it. */
export interface Watermarks {
  /** Everything up to this version has been applied, in an ordered group. */
  readonly applied: Version;
  /** The times of the version vector. */
  readonly known: readonly VersionTime[];
}

/**
 * A journal that takes no more writes goes on answering; `reason` is for people. `isTemporary`: it will in a
 * moment, when the disk has caught up.
 */
export type JournalState =
  | { readonly writable: true }
  | { readonly writable: false; readonly isTemporary: boolean; readonly reason: string };

/** The figures of a journal on disk. */
export interface JournalFigures {
  /** Bytes that are not on disk yet. They grow while the disk takes nothing. */
  readonly backlogBytes: number;
  readonly diskBytes: number;
  /** The end of the last flush of the disk; null when there was none since the start. */
  readonly flushedMs: MonotonicMs | null;
}

/** See `Journal.attach`. */
export interface AttachedRecord {
  /** Empty for a flush. */
  readonly key: string;
  readonly version: Version;
  readonly needs: readonly Stretch[];
}

/** An announced flush that has not been carried out. */
export interface AnnouncedFlush {
  readonly version: Version;
  readonly atMs: WallMs;
}

/**
 * The newest completed write of every key, tombstones included, indexed by origin and version for exchanges. The
 * journal is the authority on versions: the content of the local store decides nothing.
 *
 * Invariant: the version of a key's record only grows, except through `revert`.
 */
export interface Journal {
  /**
   * Notes what the newest write of a key depends on and its origin did not show when the write was made. To be called
   * before the write itself is recorded, in the same turn. Then a crash leaves both, or the dependencies alone, which
   * say nothing without their write.
   */
  attach(record: AttachedRecord): void;

  /** See `attach`. It may be of an older write of the key. */
  attachedTo(key: string): AttachedRecord | undefined;

  /** It is not needed any more. It may come back after a restart. */
  detach(key: string): void;

  /** All that are attached, the longest known first. */
  readonly attached: ReadonlyMap<string, AttachedRecord>;

  /**
   * Records what has to be shown here before anything may be served: a part of it is recorded from now on. Empty: all
   * of it is recorded. To be called before the first write of the part, in the same turn.
   */
  recordIncomplete(needs: readonly Stretch[]): void;

  /** The record of the key; undefined when the key was never written, or was flushed. */
  newest(key: string): JournalRecord | undefined;

  /** Whether a client may see the entry of the record now. */
  isLive(record: JournalRecord, nowMs: WallMs): boolean;

  /**
   * Records a completed write. @returns false, and changes nothing, when a newer write of the key, or a flush that
   * ends this one, is known already
   */
  record(effect: Effect): boolean;

  /** Sets `readAtSec` of the key's record. */
  noteRead(key: string, readAtSec: number): void;

  /** Takes a write back that the store has refused, if it is still the newest of its key. */
  revert(failed: Version, key: string, previous: JournalRecord | undefined): void;

  /** Removes a record that no peer needs any more. */
  forget(record: JournalRecord): void;

  /** Removes a deletion that a peer may not know of, and advances `forgotten`. */
  forgetEarly(record: JournalRecord): void;

  /**
   * For each origin, the version time up to which deletions may have been forgotten that a peer does not know of.
   * The entries that they deleted are not in this journal.
   */
  readonly forgotten: VersionVector;

  /** Advances `forgotten` of an empty journal: it has none of the entries that these deletions deleted. */
  noteForgotten(times: readonly VersionTime[]): void;

  /** The announced flush that has not been carried out, if there is one. */
  readonly announcedFlush: AnnouncedFlush | null;

  /**
   * Every completed write that the vector does not cover, oldest first, without values.
   */
  since(vector: VersionVector): Effect[];

  /** Up to `limit` records. Successive calls go through all records, again and again. */
  sample(limit: number): JournalRecord[];

  /**
   * All records, in no order. Records that change while the iterator is used may be left out, or be outdated.
   *
   * A record has a place for as long as its key has one: a walk may begin at a place, and end after a number of them.
   * The iterator then returns the place to go on from; null where there are no more.
   */
  walk(from?: number, places?: number): Iterator<JournalRecord, number | null>;

  /**
   * Stages a request that waits for its place in the order, with its value, so that an acknowledgement of it can
   * mean that it is on disk. `record` with the same version makes it a completed write; `discard` removes it.
   */
  stage(effect: Effect): void;

  discard(version: Version): void;

  /**
   * Records the progress of the replica, as of everything that was recorded until now. To commit it together with
   * the next write that it covers, call this before `record`, in the same turn.
   */
  recordWatermarks(watermarks: Watermarks): void;

  /**
   * Calls back once everything until now is durable; at once in a journal without a disk. The call makes the disk
   * flush early, so it is for durability `sync` only.
   *
   * @param done error: why it is not durable yet; it will be, if the disk takes writes again
   */
  whenDurable(done: (error: string | null) => void): void;

  /**
   * Reads the newest write of a key with its value, if the journal keeps values.
   *
   * @param done error: why the value can't be read; effect: null when another write is the newest by now, or the
   * journal has
   *   no value of this one
   */
  valueOf(
    key: string,
    version: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void;

  /** Whether the newest write of the key has this version, and the journal does not have its value. */
  lacksValue(key: string, version: Version): boolean;

  /**
   * The differences since the entry of the key was last written whole. Null where the newest write of the key has
   * left no entry, or its value never came.
   */
  chainOf(key: string): ChainSum | null;

  /** Adds the value of a write that was recorded without it, if it is still the newest of its key. */
  addValue(effect: SetEffect): void;

  readonly state: JournalState;

  /**
   * Names the last commit: two runs of a controller that find the same name know the same. Null in a journal
   * without a disk.
   */
  readonly lastCommit: string | null;

  /** The number of entries. Expired entries count until they are removed. */
  readonly keys: number;
  /** The number of records, tombstones included. */
  readonly records: number;
}
