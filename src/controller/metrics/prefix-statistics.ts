import type { KeyPrefixCounter } from '../../consistency/request-kinds.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';

/** memcached's default for `-D`: the part of a key in front of it is the key's prefix. */
export const PREFIX_DELIMITER = ':';

/**
 * Most prefixes that are counted. As in memcached, operations on keys with further prefixes are not counted.
 */
const PREFIXES_MAX = 65_536;

interface PrefixCounts {
  get: number;
  hit: number;
  set: number;
  del: number;
}

/** Counts operations by key prefix for `stats detail`, while that is on. */
export class PrefixStatistics implements KeyPrefixCounter {
  enabled = false;
  readonly #byPrefix = new Map<string, PrefixCounts>();

  /** Hits stand in the order of the keys. */
  gets(keys: readonly string[], reply: Reply): void {
    const hits = reply.kind === 'hits' ? reply.hits : [];
    let next = 0;
    for (const key of keys) {
      this.#add(key, 'get');
      if (hits[next]?.key !== key) continue;
      this.#add(key, 'hit');
      next++;
    }
  }

  set(key: string): void {
    this.#add(key, 'set');
  }

  delete(key: string): void {
    this.#add(key, 'del');
  }

  countHits(hits: readonly Hit[]): void {
    for (const { key } of hits) this.#add(key, 'hit');
  }

  clear(): void {
    this.#byPrefix.clear();
  }

  /** The lines of `stats detail dump`. */
  dump(): string[] {
    return [...this.#byPrefix].map(
      ([prefix, { get, hit, set, del }]) => `PREFIX ${prefix} get ${get} hit ${hit} set ${set} del ${del}`,
    );
  }

  #add(key: string, counter: keyof PrefixCounts): void {
    const end = key.indexOf(PREFIX_DELIMITER);
    if (end === -1) return;
    const prefix = key.slice(0, end);
    let counts = this.#byPrefix.get(prefix);
    if (counts === undefined) {
      if (this.#byPrefix.size >= PREFIXES_MAX) return;
      counts = { get: 0, hit: 0, set: 0, del: 0 };
      this.#byPrefix.set(prefix, counts);
    }
    counts[counter]++;
  }
}
