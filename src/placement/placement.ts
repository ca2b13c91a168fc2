import type { PlacedLevel } from './placed-level.ts';

/** A keyspace as the configuration has it. */
export interface KeyspaceSettings {
  readonly name: string;
  /** Empty for the default keyspace, which has every key that no other keyspace has. */
  readonly prefix: string;
  readonly level: PlacedLevel;
}

/** What the configuration says of all keyspaces. All controllers of a cluster have the same. */
export interface PlacementSettings {
  /** The level of the default keyspace. */
  readonly level: PlacedLevel;
  /** The other keyspaces. */
  readonly keyspaces: readonly KeyspaceSettings[];
}

/** The name of the keyspace with the empty prefix. */
export const DEFAULT_KEYSPACE = 'default';

/** All keyspaces, the default one first, the others in the order of their prefixes. */
export function keyspacesOf({ level, keyspaces }: PlacementSettings): readonly KeyspaceSettings[] {
  return [{ name: DEFAULT_KEYSPACE, prefix: '', level }, ...inOrderOfPrefixes(keyspaces)];
}

/** The default keyspace has the empty prefix, which is the first. */
export function inOrderOfPrefixes(keyspaces: readonly KeyspaceSettings[]): readonly KeyspaceSettings[] {
  return keyspaces.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

/**
 * The placement in words, equal at all controllers of a cluster: the level of the default keyspace, and then each other
 * keyspace as `NAME=PREFIX:LEVEL`. Without other keyspaces it is the level alone, as release 0.2.0 sends it.
 */
export function placementText(settings: PlacementSettings): string {
  const [fallback, ...others] = keyspacesOf(settings);
  return [fallback!.level, ...others.map(({ name, prefix, level }) => `${name}=${prefix}:${level}`)].join(
    ' ',
  );
}

/**
 * How the placement of a peer differs from that of this controller, in words for both ends; null when it does not.
 *
 * @param there the peer's placement in words; a prefix has no spaces
 * @param here that of this controller
 */
export function placementDifference(there: string, here: string): string | null {
  if (there === here) return null;
  const [levelThere = '', ...keyspacesThere] = there.split(' ');
  const [levelHere = '', ...keyspacesHere] = here.split(' ');
  if (levelThere !== levelHere) return `level ${levelThere} is not ${levelHere}`;
  const difference = shardDifference(there, here);
  if (difference !== null) return difference;
  const surplus = keyspacesThere.filter((keyspace) => !keyspacesHere.includes(keyspace));
  const lacking = keyspacesHere.filter((keyspace) => !keyspacesThere.includes(keyspace));
  for (const keyspace of surplus) {
    const other = lacking.find((own) => nameIn(own) === nameIn(keyspace));
    if (other !== undefined) return `the keyspace ${keyspace} is not ${other}`;
  }
  return surplus.length > 0
    ? `it has the keyspace ${surplus[0]}, which is not here`
    : `it does not have the keyspace ${lacking[0]}`;
}

/** How the shards of a peer and their zones differ from those here, of two placements in words; null when they do not. */
export function shardDifference(there: string, here: string): string | null {
  for (const [word, what] of SHARD_WORDS) {
    const [its = 'none', own = 'none'] = [there, here].map((text) => wordAfter(word, text.split(' ')));
    if (its !== own) return `${what} ${its} is not ${own}`;
  }
  return null;
}

/** What follows this word, which is no keyspace: a keyspace has a colon before its level. */
function wordAfter(word: string, words: readonly string[]): string | undefined {
  return words.find((one) => one.startsWith(word) && !one.includes(':'))?.slice(word.length);
}

/** See `shardsText`. */
const SHARD_WORDS = [
  ['shards=', 'keyspaces with shards:'],
  ['zones=', 'zones:'],
  ['groups=', 'the plan of the groups of shards'],
] as const;

function nameIn(keyspace: string): string {
  return keyspace.slice(0, keyspace.indexOf('='));
}
