import { isLevel } from './level.ts';

/** What the names and prefixes of keyspaces have to be, in the configuration and in changes of a running cluster. */

/** So many keyspaces besides the default one. Every request compares its key with their prefixes. */
export const KEYSPACES_MAX = 32;

/** Characters of a prefix. All keyspaces of a cluster have to fit into the first message between two controllers. */
export const PREFIX_CHARS_MAX = 64;

/** They have a meaning of their own in the commands that change keyspaces. */
const RESERVED_NAMES: readonly string[] = ['add', 'remove', 'prefix', 'cancel', 'json', 'default'];

/** @returns why a keyspace can't have the name; null when it can */
export function flawOfName(name: string): string | null {
  if (RESERVED_NAMES.includes(name) || isLevel(name))
    return `${name} is a word of the commands that change keyspaces; choose another name`;
  return /^[A-Za-z][\w-]{0,31}$/.test(name)
    ? null
    : `"${name}" cannot be the name of a keyspace; give a letter, and then up to 31 letters, digits, ` +
        'dashes or underscores';
}

/** @returns why a keyspace besides the default one can't have the prefix; null when it can */
export function flawOfPrefix(prefix: string): string | null {
  if (prefix === '') return 'the prefix is empty; the keys of no keyspace have the level "consistency"';
  if (!/^[\x21-\x7e]*$/.test(prefix))
    return `give visible ASCII characters, and no spaces, instead of ${JSON.stringify(prefix)}`;
  return prefix.length <= PREFIX_CHARS_MAX
    ? null
    : `the prefix has ${prefix.length} characters; give ${PREFIX_CHARS_MAX} at most`;
}
