import type { Reply } from '../../protocol/reply.ts';

/** A list of keys that a client asks for. */
export interface DumpRequest {
  readonly format: 'metadump' | 'mgdump' | 'cachedump';
  /** The slab classes of the wanted entries; null for all. */
  readonly classes: ReadonlySet<number> | null;
  /** Most entries in the answer. */
  readonly limit: number;
}

/** What the words of a command mean: a dump, or the refusal that memcached would give. */
export type DumpWords = DumpRequest | { readonly refusal: Reply };

const ERROR: Reply = { kind: 'line', line: 'ERROR' };

/** The ids of memcached's slab classes are below this. */
const SLAB_CLASSES = 64;

/** @param words those after `lru_crawler metadump` or `lru_crawler mgdump` */
export function crawlWords(format: 'metadump' | 'mgdump', words: readonly string[]): DumpWords {
  const [classes] = words;
  if (classes === undefined || words.length > 1) return { refusal: ERROR };
  if (classes === 'all' || classes === 'hash') return { format, classes: null, limit: Infinity };
  const ids = classes.split(',').filter((id) => id !== '');
  if (ids.length === 0) return { refusal: { kind: 'line', line: 'NOTSTARTED no items to crawl' } };
  if (!ids.every(isClass)) return { refusal: { kind: 'line', line: 'BADCLASS invalid class id' } };
  return { format, classes: new Set(ids.map(Number)), limit: Infinity };
}

/** @param words those after `stats`: `cachedump`, a slab class, a limit; memcached ignores more */
export function cachedumpWords(words: readonly string[]): DumpWords {
  const [, id, limit] = words;
  if (id === undefined || limit === undefined) return refused('bad command line');
  if (!isNumber(id) || !isNumber(limit)) return refused('bad command line format');
  if (Number(id) >= SLAB_CLASSES) return refused('Illegal slab id');
  return { format: 'cachedump', classes: new Set([Number(id)]), limit: Number(limit) || Infinity };
}

function refused(reason: string): DumpWords {
  return { refusal: { kind: 'client_error', reason } };
}

function isClass(id: string): boolean {
  return isNumber(id) && Number(id) >= 1 && Number(id) < SLAB_CLASSES;
}

function isNumber(word: string): boolean {
  return /^\+?\d+$/.test(word);
}
