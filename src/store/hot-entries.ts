import { sameVersion, type Version } from '../ordering/version.ts';
import type { Entry } from './entry.ts';

/** How the hot entries fare. */
export interface HotCounters {
  readonly hits: number;
  readonly misses: number;
  /** Values and keys and what it takes to keep them. */
  readonly bytes: number;
  readonly entries: number;
}

/** One entry in the circle, between the one that came before it and the one that came after. */
interface HotEntry {
  readonly key: string;
  entry: Entry;
  bytes: number;
  /** When the store was last seen to have it, in seconds since 1970. */
  seenSec: number;
  /** Asked for since the hand was last here. */
  isVisited: boolean;
  /** Asked for since it was last written. */
  read: boolean;
  older: HotEntry | null;
  newer: HotEntry | null;
}

/**
 * Entries that are read again and again, in the controller's own memory, so that reading them takes no hop to the store.
 *
 * It decides nothing: whoever asks says which version the key has, and is given that one or none. So nothing here can
 * be out of date, whatever happened to the store, the view or the order meanwhile.
 *
 * What goes when there is no more room is chosen by SIEVE (Zhang and others, NSDI 2024): a hand moves from the oldest to
 * the newest, spares what was asked for since it was last there, and takes the first that was not. A hit moves nothing.
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

  /** @param bytesMax 0: nothing is ever kept */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get counters(): HotCounters {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#bytes, entries: this.#entries.size };
  }

  /**
   * The entry that the key has under this version, if it is here, and if the store is not due to be asked again.
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

  /** Takes in an entry that was read from the store, and not for the first time. */
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

  /** The key was written: its entry stays as hot as it was, if it is read as often as it is written. */
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

  /** Takes away what the hand stops at. Each step either ends it or clears a mark, so that it ends. */
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
 * The store is asked for an entry this often all the same, in seconds: so memcached sees that it is in use, and does not
 * evict it for what is not; and where it has, the value is put back. A clock that jumped back counts as time gone by.
 */
export const SEEN_FOR_SEC = 5;

function isDue({ seenSec }: HotEntry, nowSec: number): boolean {
  return nowSec - seenSec >= SEEN_FOR_SEC || nowSec < seenSec;
}

/** Part of the whole that one entry may take: a few large ones must not drive out all that is hot. */
const SHARE_MAX = 1 / 8;

/** What a key, an entry, its hot and a buffer of its own take beside the bytes in them, in bytes, measured. */
const OVERHEAD_BYTES = 400;

function bytesOf(key: string, { value }: Entry): number {
  return OVERHEAD_BYTES + key.length + value.length;
}

/** A value is often a small part of what was received with it, which it would keep in memory. */
function inOwnMemory(entry: Entry): Entry {
  const value = Buffer.allocUnsafeSlow(entry.value.length);
  entry.value.copy(value);
  return { ...entry, value };
}
