/** Groups that memcached knows by their first letters alone: what follows is not looked at. */
const BY_PREFIX: readonly (readonly [prefix: string, words: readonly string[]])[] = [
  ['reset', ['reset']],
  ['settings', ['settings']],
  ['detail dump', ['detail', 'dump']],
  ['detail on', ['detail', 'on']],
  ['detail off', ['detail', 'off']],
];

/** Groups that `stats` has in the text protocol only. */
const TEXT_ONLY: readonly string[] = ['conns', 'cachedump', 'extstore', 'detail'];

/** A group that nobody has, so that the answer is that it was not found. */
const NO_GROUP: readonly string[] = ['?'];

/** The words of `stats` that the key of a stat packet stands for; a key is one word, spaces included. */
export function statWords(key: string): readonly string[] {
  if (key === '') return [];
  for (const [prefix, words] of BY_PREFIX) if (key.startsWith(prefix)) return words;
  return TEXT_ONLY.includes(key) ? NO_GROUP : [key];
}
