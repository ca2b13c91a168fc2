import type { MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import type { Effect, SetEffect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';

/** What is remembered of the newest completed write of a key, as it was when it was asked for. */
export interface JournalRecord {
  readonly key: string;
  readonly version: Version;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  /** The write was a delete. */
  readonly tombstone: boolean;
  /** The entry's CAS token where it is not the version's own; null where it is. */
  readonly token: bigint | null;
  /** Bits of `MARKS`. */
  readonly marks: number;
  /**
   * When the entry was last read on this controller: seconds since 1970, 0 for never. Known here alone, and of
   * no consequence for any other replica.
   */
  readonly readAtSec: number;
  /** How large the value is; undefined where the write came without it. */
  readonly valueBytes?: number | undefined;
}

/** How far this replica is: on disk it is part of the same commit as the writes before it. */
export interface Watermarks {
  /** The ordered engine has applied everything up to here. */
  readonly applied: Version;
  /** The version vector's times: what is known of every origin. */
  readonly known: readonly VersionTime[];
}

/**
 * A journal that takes no more writes goes on answering; `reason` is for people. `isTemporary`: it will in a moment, when
 * the disk has caught up.
 */
export type JournalState =
  | { readonly writable: true }
  | { readonly writable: false; readonly isTemporary: boolean; readonly reason: string };

/** Of a journal on disk. */
export interface JournalFigures {
  /** Done and not yet on disk, in bytes: what grows while the disk takes nothing. */
  readonly backlogBytes: number;
  readonly diskBytes: number;
  /** When a flush last ended, monotonic, in milliseconds; null: none has since the start. */
  readonly flushedMs: MonotonicMs | null;
}

/** A flush that was announced and has not come due. */
export interface AnnouncedFlush {
  readonly version: Version;
  readonly atMs: WallMs;
}

/**
 * The completed requests: the newest completed write of every key, tombstones included, indexed by origin and
 * version for sync. It is the authority on versions: what the local store happens to hold decides nothing.
 *
 * Invariant: a key's record only ever moves to a larger version, except through `revert`.
 */
export interface Journal {
  /** Undefined when the key was never written, or was flushed. */
  newest(key: string): JournalRecord | undefined;

  /** The record's write is the newest: present now, for a client. */
  isLive(record: JournalRecord, nowMs: WallMs): boolean;

  /**
   * Takes a write in. @returns false, and changes nothing, when a newer one of the key, or a flush that ends
   * it, is known already
   */
  record(effect: Effect): boolean;

  /** The key's entry was last read then: `readAtSec` of its record. */
  noteRead(key: string, readAtSec: number): void;

  /** Takes a write back whose store refused it, if it is still the newest of its key. */
  revert(failed: Version, key: string, previous: JournalRecord | undefined): void;

  /** Forgets a record that every peer is known to be past. */
  forget(record: JournalRecord): void;

  /** Forgets a deletion that a peer may not know of: `forgotten` moves. */
  forgetEarly(record: JournalRecord): void;

  /**
   * Per origin, up to which version time deletions may have been forgotten that a peer does not know of. What they
   * ended is not here.
   */
  readonly forgotten: VersionVector;

  /** What these deletions ended is not here either, since nothing is. */
  noteForgotten(times: readonly VersionTime[]): void;

  /** The announced flush, if any. */
  readonly announcedFlush: AnnouncedFlush | null;

  /**
   * Every completed write that the vector does not cover, oldest first, as of now. Values are not the
   * journal's: `value` is null throughout.
   */
  since(vector: VersionVector): Effect[];

  /** Up to `limit` records, going round through all of them over the calls. */
  sample(limit: number): JournalRecord[];

  /** All records, in no order; of those that come, change or go meanwhile some may be left out, or be outdated. */
  walk(): Iterator<JournalRecord>;

  /**
   * Keeps a request that waits for its place in the order, value and all, so that an acknowledgement of it can
   * mean "on my disk". `record` of the same version makes it a completed write, `release` drops it.
   */
  stage(effect: Effect): void;

  discard(version: Version): void;

  /**
   * Has the marks kept with what was recorded until now. Those that include a write that is about to be
   * recorded are to be set before it, in the same turn: then they are in one commit.
   */
  recordWatermarks(marks: Watermarks): void;

  /**
   * Calls back once all that was recorded, held and marked until now is kept: on disk, in a journal that has
   * one. Only for durability `sync`, since it hurries the disk.
   *
   * @param done error: why it is not kept yet; it will be, if the disk takes writes again
   */
  whenDurable(done: (error: string | null) => void): void;

  /**
   * The newest write of a key, with its value, if the journal keeps values.
   *
   * @param done error: the value can't be read, in words; effect: null when another write is the newest by
   *   now, or the journal has no value of this one
   */
  valueOf(
    key: string,
    version: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void;

  /** The newest write of the key has this version, and its value has not come yet, or is not kept here. */
  lacksValue(key: string, version: Version): boolean;

  /** Keeps the value of a write that was recorded without it, if that is still the newest of its key. */
  addValue(effect: SetEffect): void;

  readonly state: JournalState;

  /**
   * Names what is kept, of all that was ever recorded: two lives of a controller that find the same know the same.
   * Null where nothing is kept.
   */
  readonly lastCommit: string | null;

  /** Entries that are not deleted; expired ones count until they are removed. */
  readonly keys: number;
  /** All records, tombstones included. */
  readonly records: number;
}
