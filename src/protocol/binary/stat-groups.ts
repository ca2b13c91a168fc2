/** Groups that memcached recognizes by their first letters: it does not look at the rest. */
const BY_PREFIX: readonly (readonly [prefix: string, words: readonly string[]])[] = [
  ['reset', ['reset']],
  ['settings', ['settings']],
  ['detail dump', ['detail', 'dump']],
  ['detail on', ['detail', 'on']],
  ['detail off', ['detail', 'off']],
];

/** Groups that only the text protocol's `stats` has. */
const TEXT_ONLY: readonly string[] = ['conns', 'cachedump', 'extstore', 'detail'];

/** A group that does not exist, so that the answer is "not found". */
const NO_GROUP: readonly string[] = ['?'];

/** The words of `stats` for the key of a stat packet. A key is one word, spaces included. */
export function statWords(key: string): readonly string[] {
  if (key === '') return [];
  for (const [prefix, words] of BY_PREFIX) if (key.startsWith(prefix)) return words;
  return TEXT_ONLY.includes(key) ? NO_GROUP : [key];
}
