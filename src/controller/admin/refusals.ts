import type { Reply } from '../../protocol/reply.ts';

/**
 * Refusals of the memcached commands that stream or dump what the store holds. A command line that memcached
 * 1.6.18 itself would refuse is refused in memcached's words, so that a client learns of its own mistake
 * first.
 */

const ERROR: Reply = { kind: 'line', line: 'ERROR' };

/** The ids of memcached's slab classes are below this. */
const SLAB_CLASSES = 64;

const WATCHABLE = [
  ...['fetchers', 'mutations', 'evictions', 'connevents', 'proxyreqs', 'proxyevents', 'proxyuser'],
  ...['rawcmds', 'sysevents'],
];

/** @param words those after `watch` */
export function watchRefusal(words: readonly string[]): Reply {
  return words.every((word) => WATCHABLE.includes(word)) ? notAvailable('watch') : ERROR;
}

/** @param words those after `lru_crawler metadump` */
export function metadumpRefusal(words: readonly string[]): Reply {
  const [classes] = words;
  if (classes === undefined || words.length > 1) return ERROR;
  if (classes === 'all' || classes === 'hash') return notAvailable('lru_crawler metadump');
  const ids = classes.split(',').filter((id) => id !== '');
  if (ids.length === 0) return { kind: 'line', line: 'NOTSTARTED no items to crawl' };
  if (ids.every(isClass)) return notAvailable('lru_crawler metadump');
  return { kind: 'line', line: 'BADCLASS invalid class id' };
}

/** @param words those after `stats`: `cachedump`, a slab class, a limit; memcached ignores more */
export function dumpRefusal(words: readonly string[]): Reply {
  const [, id, limit] = words;
  if (id === undefined || limit === undefined) return { kind: 'client_error', reason: 'bad command line' };
  if (!isNumber(id) || !isNumber(limit)) return { kind: 'client_error', reason: 'bad command line format' };
  if (Number(id) >= SLAB_CLASSES) return { kind: 'client_error', reason: 'Illegal slab id' };
  return notAvailable('cachedump');
}

/** memcached 1.6.18 does not know this command. */
export const MGDUMP_REFUSAL = ERROR;

function notAvailable(name: string): Reply {
  return { kind: 'client_error', reason: `${name} is not available: ask the memcached itself` };
}

function isClass(id: string): boolean {
  return isNumber(id) && Number(id) >= 1 && Number(id) < SLAB_CLASSES;
}

function isNumber(word: string): boolean {
  return /^\+?\d+$/.test(word);
}
