import { sameVersion, type Version } from '../ordering/version.ts';
import type { Entry } from './entry.ts';

/** The figures of the hot entries. */
export interface HotCounters {
  readonly hits: number;
  readonly misses: number;
  /** Memory of the entries, their keys and the bookkeeping, in bytes. */
  readonly bytes: number;
  readonly entries: number;
}

/** An entry in the list, between the one that was added before it and the one that was added after it. */
interface HotEntry {
  readonly key: string;
  entry: Entry;
  bytes: number;
  /** When the store last had the entry, in seconds since 1970. */
  seenSec: number;
  /** It was read since the hand was last here. */
  isVisited: boolean;
  /** It was read since it was last written. */
  read: boolean;
  older: HotEntry | null;
  newer: HotEntry | null;
}

/**
 * Entries that are read again and again, in the controller's own memory, so that a read of them need not ask the
 * store.
 *
 * The caller names the version that the key has, and gets the entry of that version or none. Therefore no entry here
 * can be out of date, whatever happens to the store, the view or the order of writes.
 *
 * SIEVE (Zhang and others, NSDI 2024) chooses the entry that is evicted when memory runs out: a hand moves from the
 * oldest entry to the newest, passes those that were read since it was last there, and evicts the first that was not.
 * A hit moves no entry.
 */
export class HotEntries {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, HotEntry>();
  #oldest: HotEntry | null = null;
  #newest: HotEntry | null = null;
  #hand: HotEntry | null = null;
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  /** @param bytesMax most memory of all entries; 0 for no entries at all */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get counters(): HotCounters {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#bytes, entries: this.#entries.size };
  }

  /**
   * The entry of the key, if it has this version. Null when it is not here, and when it is time to ask the store again.
   *
   * @param nowSec seconds since 1970
   */
  get(key: string, version: Version, nowSec: number): Entry | null {
    if (this.#bytesMax === 0) return null;
    const hot = this.#entries.get(key);
    // mutant: hot-entry-of-any-version
    if (hot === undefined || !sameVersion(hot.entry.version, version) || isDue(hot, nowSec)) {
      this.#misses++;
      return null;
    }
    this.#hits++;
    hot.isVisited = true;
    hot.read = true;
    return hot.entry;
  }

  /** Adds an entry that was read from the store, and that was read before. */
  offer(key: string, entry: Entry, nowSec: number): void {
    const bytes = bytesOf(key, entry);
    if (bytes > this.#bytesMax * SHARE_MAX) return;
    const known = this.#entries.get(key);
    if (known !== undefined && sameVersion(known.entry.version, entry.version)) {
      known.seenSec = nowSec;
      return;
    }
    this.remove(key);
    while (this.#bytes + bytes > this.#bytesMax) this.#makeRoom();
    const older = this.#newest;
    const hot = {
      key,
      entry: inOwnMemory(entry),
      bytes,
      seenSec: nowSec,
      isVisited: false,
      read: true,
      older,
      newer: null,
    };
    if (this.#newest === null) this.#oldest = hot;
    else this.#newest.newer = hot;
    this.#newest = hot;
    this.#entries.set(key, hot);
    this.#bytes += bytes;
  }

  /**
   * The key was written: its new entry takes the place of the old one, if the old one was read since it was written.
   */
  replace(key: string, entry: Entry): void {
    if (this.#entries.size === 0) return;
    const hot = this.#entries.get(key);
    if (hot === undefined) return;
    if (!hot.read) return this.#drop(hot);
    hot.read = false;
    const bytes = bytesOf(key, entry);
    if (this.#bytes + bytes - hot.bytes > this.#bytesMax) return this.#drop(hot);
    this.#bytes += bytes - hot.bytes;
    hot.bytes = bytes;
    // mutant: hot-entry-keeps-value
    hot.entry = inOwnMemory(entry);
  }

  remove(key: string): void {
    if (this.#entries.size === 0) return;
    const hot = this.#entries.get(key);
    if (hot !== undefined) this.#drop(hot);
  }

  /** Evicts the entry at which the hand stops. Each step evicts or clears an `isVisited`, so the loop ends. */
  #makeRoom(): void {
    let hot = this.#hand ?? this.#oldest!;
    while (hot.isVisited) {
      hot.isVisited = false;
      hot = hot.newer ?? this.#oldest!;
    }
    this.#hand = hot.newer;
    this.#drop(hot);
  }

  #drop(hot: HotEntry): void {
    const { key, older, newer } = hot;
    if (this.#hand === hot) this.#hand = newer;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    this.#entries.delete(key);
    this.#bytes -= hot.bytes;
  }
}

/**
 * The store is asked for a hot entry after this time, in seconds. So memcached learns that the entry is in use, and
 * does not evict it; and if memcached has evicted it, the value is put back. When the clock has jumped back, the
 * store is asked too.
 */
export const SEEN_FOR_SEC = 5;

function isDue({ seenSec }: HotEntry, nowSec: number): boolean {
  return nowSec - seenSec >= SEEN_FOR_SEC || nowSec < seenSec;
}

/** Largest share of the memory for one entry, so that a few large entries do not evict all others. */
const SHARE_MAX = 1 / 8;

/** Memory that a hot entry takes beside the bytes of its key and its value, in bytes; measured. */
const OVERHEAD_BYTES = 400;

/** Memory that an entry takes in a map, with its key and the bookkeeping, in bytes. */
export function bytesOf(key: string, { value }: Entry): number {
  return OVERHEAD_BYTES + key.length + value.length;
}

/**
 * A value is often a small part of a chunk that was read, and would keep the whole chunk in memory: so it is copied.
 */
export function inOwnMemory(entry: Entry): Entry {
  const value = Buffer.allocUnsafeSlow(entry.value.length);
  entry.value.copy(value);
  return { ...entry, value };
}
