import type { Reply } from '../../protocol/reply.ts';

/** What a client can watch: the words of memcached's `watch` that a controller answers itself. */
export const WATCHED = ['fetchers', 'mutations', 'deletions'] as const;

export type Watched = (typeof WATCHED)[number];

/** Words that memcached knows, and a controller has nothing to tell of. */
const NOT_WATCHED: Readonly<Record<string, string>> = {
  evictions: 'the store evicts by itself: watch the memcached of this controller',
  connevents: 'see stats conns',
  rawcmds: 'requests are not kept: watch fetchers mutations deletions',
  sysevents: 'see the log of this controller',
  proxyreqs: 'this is no proxy',
  proxyevents: 'this is no proxy',
  proxyuser: 'this is no proxy',
};

/** @param words those after `watch`; without any, memcached shows the fetchers */
export function watchWords(
  words: readonly string[],
): { readonly watched: ReadonlySet<Watched> } | { readonly refusal: Reply } {
  if (words.length === 0) return { watched: new Set(['fetchers']) };
  const unknown = words.find((word) => !isWatched(word) && !Object.hasOwn(NOT_WATCHED, word));
  if (unknown !== undefined) return { refusal: { kind: 'line', line: 'ERROR' } };
  const without = words.find((word) => !isWatched(word));
  if (without === undefined) return { watched: new Set(words.filter(isWatched)) };
  const reason = `watch ${without} is not available: ${NOT_WATCHED[without]}`;
  return { refusal: { kind: 'client_error', reason } };
}

function isWatched(word: string): word is Watched {
  return (WATCHED as readonly string[]).includes(word);
}
