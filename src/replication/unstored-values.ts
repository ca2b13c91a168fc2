import { sameVersion, type Version } from '../ordering/version.ts';
import type { Entry } from '../store/entry.ts';
import { bytesOf, inOwnMemory } from '../store/hot-entries.ts';

/**
 * Values that neither the local store nor the journal has: the store was away when they were written, and with
 * durability `none` the journal keeps no values. Each is kept until the store is given it again, or its key is written.
 *
 * A controller that is the only member of its view is the only one that has such a value. Its journal names the write,
 * so the older value of the key is out of reach, although the store still has it. If the newer value were let go, a
 * write whose outcome is unknown would end an older one that was answered.
 *
 * Beyond `UNSTORED_BYTES_MAX` the values that were kept first are let go. The controller then has to get them from a
 * peer.
 */
export class UnstoredValues {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** The entry of the key, if it has this version; else null. */
  get(key: string, version: Version): Entry | null {
    const entry = this.#entries.get(key);
    return entry !== undefined && sameVersion(entry.version, version) ? entry : null;
  }

  keep(key: string, entry: Entry): void {
    this.drop(key);
    this.#entries.set(key, inOwnMemory(entry));
    this.#bytes += bytesOf(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= UNSTORED_BYTES_MAX) break;
      this.drop(oldest);
    }
  }

  drop(key: string): void {
    if (this.#entries.size === 0) return;
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= bytesOf(key, entry);
  }
}

/** The most memory for such values of one group, with their keys and the bookkeeping, in bytes. */
export const UNSTORED_BYTES_MAX = 64 * 1024 * 1024;
