import { changed, type KeyspaceChange } from '../../placement/agreed-placement.ts';
import { flawOfName, flawOfPrefix, KEYSPACES_MAX } from '../../placement/keyspace-rules.ts';
import { Keyspaces } from '../../placement/keyspaces.ts';
import { LEVELS } from '../../placement/level.ts';
import { levelAsked, type OrderedScheme } from '../../placement/placed-level.ts';
import { DEFAULT_KEYSPACE, type KeyspaceSettings } from '../../placement/placement.ts';
import type { WantedKeyspace, WantedOfMove } from '../../protocol/request.ts';
import type { ShardGroup } from '../group-plan.ts';
import type { WantedShards } from './reshard-wish.ts';

/** What a client's words ask for. */
export type ParsedChange =
  | { readonly kind: 'change'; readonly change: KeyspaceChange }
  /** It is so already. */
  | { readonly kind: 'same'; readonly text: string }
  /** It can not be done, whatever the state of the cluster. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * What the words change, given the keyspaces that there are.
 *
 * @param scheme of an ordered keyspace that had none
 */
export function changeOf(
  wanted: Exclude<WantedKeyspace, { readonly what: WantedOfMove['what'] | WantedShards['what'] }>,
  keyspaces: readonly KeyspaceSettings[],
  scheme: OrderedScheme,
): ParsedChange {
  const { keyspace: name } = wanted;
  const before = keyspaces.find((one) => one.name === name) ?? null;
  if (wanted.what === 'add') return added(wanted, before, keyspaces, scheme);
  if (before === null) return refused(`there is no keyspace ${name}; keyspace lists them`);
  if (wanted.what === 'level') return leveled(wanted.level, before, scheme);
  if (name === DEFAULT_KEYSPACE)
    return refused(`${name} has all keys that no other keyspace has: it is never removed, and has no prefix`);
  if (wanted.what === 'remove') return { kind: 'change', change: { before, after: null } };
  return prefixed(wanted.prefix, before, keyspaces);
}

/**
 * The name of a keyspace with shards that is changed, or that would get keys of another keyspace or give some to it;
 * null when there is none. The keys that change hands are those of the prefixes of the keyspace before and after.
 */
export function spreadBy(
  change: KeyspaceChange,
  keyspaces: readonly KeyspaceSettings[],
  shards: readonly ShardGroup[],
): string | null {
  const sides = [new Keyspaces(keyspaces), new Keyspaces(changed(keyspaces, change))];
  const prefixes = [change.before, change.after].flatMap((one) => (one === null ? [] : [one.prefix]));
  const names = prefixes.flatMap((prefix) => sides.map((side) => side.of(prefix).name));
  return names.find((name) => shards.some(({ shard }) => shard.keyspace === name)) ?? null;
}

function added(
  { keyspace: name, prefix, level: word }: Extract<WantedKeyspace, { readonly what: 'add' }>,
  existing: KeyspaceSettings | null,
  keyspaces: readonly KeyspaceSettings[],
  scheme: OrderedScheme,
): ParsedChange {
  const level = levelAsked(word, 'eventual', scheme);
  if (existing !== null && existing.prefix === prefix && existing.level === level)
    return same(`${name} is there already`);
  if (existing !== null) return refused(`there is a keyspace ${name} already; keyspace lists them`);
  if (level === null) return refused(notALevel(word));
  if (keyspaces.length > KEYSPACES_MAX)
    return refused(`a cluster has ${KEYSPACES_MAX} keyspaces besides ${DEFAULT_KEYSPACE} at most`);
  const flaw = flawOfName(name) ?? takenOr(prefix, name, keyspaces);
  if (flaw !== null) return refused(flaw);
  return { kind: 'change', change: { before: null, after: { name, prefix, level } } };
}

function leveled(word: string, before: KeyspaceSettings, scheme: OrderedScheme): ParsedChange {
  const level = levelAsked(word, before.level, scheme);
  if (level === null) return refused(notALevel(word));
  if (before.level === level) return same(`${before.name} is at ${level} already`);
  return { kind: 'change', change: { before, after: { ...before, level } } };
}

function prefixed(
  prefix: string,
  before: KeyspaceSettings,
  keyspaces: readonly KeyspaceSettings[],
): ParsedChange {
  if (before.prefix === prefix) return same(`${before.name} has the prefix ${prefix} already`);
  const flaw = takenOr(prefix, before.name, keyspaces);
  if (flaw !== null) return refused(flaw);
  return { kind: 'change', change: { before, after: { ...before, prefix } } };
}

/** @returns why the keyspace can't have the prefix; null when it can */
function takenOr(prefix: string, name: string, keyspaces: readonly KeyspaceSettings[]): string | null {
  const other = keyspaces.find((one) => one.prefix === prefix && one.name !== name);
  return other === undefined || prefix === ''
    ? flawOfPrefix(prefix)
    : `the keyspace ${other.name} has the prefix ${prefix} already`;
}

function notALevel(word: string): string {
  return `${word} is no level: say ${LEVELS.join(', ')}; or an ordered one with its scheme, such as sequential/chain`;
}

function same(text: string): ParsedChange {
  return { kind: 'same', text };
}

function refused(reason: string): ParsedChange {
  return { kind: 'refused', reason };
}
