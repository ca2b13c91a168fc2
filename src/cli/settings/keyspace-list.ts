import { flawOfName, flawOfPrefix, KEYSPACES_MAX } from '../../placement/keyspace-rules.ts';
import type { OrderedScheme } from '../../placement/placed-level.ts';
import { DEFAULT_KEYSPACE, type KeyspaceSettings } from '../../placement/placement.ts';
import { didYouMean } from '../suggestion.ts';
import { BadValue, levelWithScheme, type ValueReader } from './setting-values.ts';

/**
 * The keyspaces in one line of text, as a flag and the environment give them: `NAME=PREFIX:LEVEL`, separated by
 * spaces; a scheme may follow the level, as in `sequential/chain`. A prefix may contain a colon, and an equals sign,
 * but no space.
 * `/SHARDS` or `/SHARDSxREPLICAS` may follow, too.
 */

/** @param scheme of ordered keyspaces that name none */
export function keyspacesWith(scheme: OrderedScheme): ValueReader<readonly KeyspaceSettings[]> {
  return (text) => keyspaceList(text, scheme);
}

/** @throws BadValue */
function keyspaceList(text: string, scheme: OrderedScheme): readonly KeyspaceSettings[] {
  const keyspaces = wordsOf(text).map((word) => keyspaceOf(word, scheme));
  if (keyspaces.length > KEYSPACES_MAX)
    throw new BadValue(`there are ${keyspaces.length} keyspaces; a cluster has ${KEYSPACES_MAX} at most`);
  for (const [place, { name, prefix }] of keyspaces.entries()) {
    const earlier = keyspaces.slice(0, place);
    if (earlier.some((other) => other.name === name))
      throw new BadValue(`two keyspaces have the name ${name}`);
    const twin = earlier.find((other) => other.prefix === prefix);
    if (twin !== undefined) throw new BadValue(`${twin.name} and ${name} have the same prefix ${prefix}`);
  }
  return keyspaces;
}

/** What the list says of the shards of one keyspace. */
export interface GivenShards {
  readonly name: string;
  readonly shards: number;
  /** Null where the list does not say. */
  readonly replicas: number | null;
}

/** The shards of the keyspaces for which the list, which is a good one, gives them. */
export function shardList(text: string): readonly GivenShards[] {
  return wordsOf(text).flatMap((word) => {
    const name = word.slice(0, word.indexOf('='));
    const given = partsBehindLevel(word).find(isShards);
    if (given === undefined) return [];
    const [shards, replicas] = given.split('x').map(Number);
    return [{ name, shards: shards!, replicas: replicas ?? null }];
  });
}

/** The level of a keyspace in the list, and what follows it. */
function partsBehindLevel(word: string): readonly string[] {
  return word.slice(word.lastIndexOf(':') + 1).split('/');
}

/** `3` or `3x2`. */
function isShards(part: string): boolean {
  return /^\d{1,4}(x\d{1,4})?$/.test(part);
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** @throws BadValue */
function keyspaceOf(word: string, scheme: OrderedScheme): KeyspaceSettings {
  const equals = word.indexOf('=');
  const colon = word.lastIndexOf(':');
  if (equals <= 0 || colon < equals)
    throw new BadValue(
      `"${word}" is no keyspace; write NAME=PREFIX:LEVEL, such as sessions=session::eventual`,
    );
  const [name, prefix] = [word.slice(0, equals), word.slice(equals + 1, colon)];
  const level = partsBehindLevel(word).filter((part) => !isShards(part));
  return checkedKeyspace(name, prefix, level.join('/'), scheme);
}

/** @throws BadValue, which names the keyspace */
function checkedKeyspace(
  name: string,
  prefix: string,
  levelText: string,
  scheme: OrderedScheme,
): KeyspaceSettings {
  if (name === DEFAULT_KEYSPACE)
    throw new BadValue(
      `${name} is the keyspace of all other keys, and its level is "consistency"; choose another name`,
    );
  const flawed = flawOfName(name);
  if (flawed !== null) throw new BadValue(flawed);
  const flaw = flawOfPrefix(prefix);
  if (flaw !== null) throw new BadValue(`keyspace ${name}: ${flaw}`);
  try {
    return { name, prefix, level: levelWithScheme(levelText, scheme) };
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new BadValue(`keyspace ${name}: "${levelText}": ${error.message}`, { cause: error });
  }
}

/** The keys of a section `[keyspace NAME]`. */
const SECTION_KEYS = ['prefix', 'consistency', 'scheme', 'shards', 'replicas'] as const;

/**
 * A section `[keyspace NAME]` of a configuration file, in the notation of the list.
 *
 * @throws BadValue, which names the section
 */
export function keyspaceOfSection(name: string, keys: Readonly<Record<string, string>>): string {
  const section = `[keyspace ${name}]`;
  const unknown = Object.keys(keys).find((key) => !(SECTION_KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) {
    const hint =
      didYouMean(unknown, SECTION_KEYS) ||
      '; a keyspace has prefix, consistency, scheme, shards and replicas';
    throw new BadValue(`unknown key "${unknown}" in ${section}${hint}`);
  }
  const { prefix, consistency, scheme, shards, replicas } = keys;
  if (prefix === undefined)
    throw new BadValue(`${section} has no prefix; write prefix = the beginning of its keys`);
  if (consistency === undefined)
    throw new BadValue(`${section} has no level; write consistency = the level of its keys`);
  const level = scheme === undefined ? consistency : `${consistency}/${scheme}`;
  checkedKeyspace(name, prefix, level, 'broadcast');
  if (replicas !== undefined && shards === undefined)
    throw new BadValue(
      `${section} has replicas, and no shards; write shards = how many groups have its keys`,
    );
  if (shards === undefined) return `${name}=${prefix}:${level}`;
  const spread = replicas === undefined ? shards : `${shards}x${replicas}`;
  if (!isShards(spread)) throw new BadValue(`${section}: give shards and replicas as numbers`);
  return `${name}=${prefix}:${level}/${spread}`;
}
