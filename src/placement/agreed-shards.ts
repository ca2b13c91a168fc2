import { type GroupNumber, IDS_END } from '../base/number-kinds.ts';
import { FIRST_SHARD_GROUP, type PlannedShard, placeAtStart, SHARD_GROUPS_MAX } from './shards.ts';
import { SHARDS_MAX } from './slots.ts';

/**
 * The shards of one keyspace as a placement has them. The first placement takes them from the configuration. All later
 * ones have the same until the keyspace is resharded, and no controller plans them anew.
 */
export interface AgreedShards {
  /** The name of the keyspace. */
  readonly keyspace: string;
  /** The slots of each shard are those of `shardsOfSlots` for this number. */
  readonly shards: number;
  /** Of each shard, by its number: its group, and then the controllers that have its entries, in order of their ids. */
  readonly groups: readonly (readonly number[])[];
  /** See `PlannedShard`, by the numbers of the shards. Absent where all shards are there from the start. */
  readonly places?: readonly string[];
}

/**
 * A keyspace without shards, as one side of a change of its shards: the group of its level has all of its keys, and
 * all controllers are members. It is never among the shards of a placement.
 */
export function wholeKeyspace(keyspace: string, group: GroupNumber): AgreedShards {
  return { keyspace, shards: 1, groups: [[group]] };
}

export function isWhole({ groups }: AgreedShards): boolean {
  return groups[0]![0]! < FIRST_SHARD_GROUP;
}

/** Those of each keyspace, in the order of the plan. */
export function agreedShardsOf(planned: readonly PlannedShard[]): readonly AgreedShards[] {
  const names = [...new Set(planned.map(({ keyspace }) => keyspace))];
  return names.map((keyspace) => {
    const own = planned.filter((shard) => shard.keyspace === keyspace);
    const groups = own.map(({ group, members }) => [group, ...members]);
    const places = own.map(({ place }) => place);
    return withPlaces({ keyspace, shards: own.length, groups }, places);
  });
}

/** The plan that they were taken from. */
export function shardsAsPlanned(agreed: readonly AgreedShards[]): readonly PlannedShard[] {
  return agreed.flatMap(({ keyspace, shards, groups, places }) =>
    groups.map(([group, ...members], shard) => {
      const place = places?.[shard] ?? placeAtStart(shard, shards);
      return { keyspace, shard, of: shards, place, group: group as GroupNumber, members };
    }),
  );
}

/** @param places of all shards; they are left out where they say nothing */
export function withPlaces(
  { keyspace, shards, groups }: AgreedShards,
  places: readonly string[],
): AgreedShards {
  const areAtStart = places.every((place, shard) => place === placeAtStart(shard, shards));
  return areAtStart ? { keyspace, shards, groups } : { keyspace, shards, groups, places };
}

/** With the fields in one order. */
export function agreedInOrder({ keyspace, shards, groups, places }: AgreedShards): AgreedShards {
  return { keyspace, shards, groups, ...(places === undefined ? {} : { places }) };
}

/** They have the same shards, in the same groups. */
export function sameShards(a: AgreedShards, b: AgreedShards): boolean {
  return a === b || JSON.stringify(agreedInOrder(a)) === JSON.stringify(agreedInOrder(b));
}

/**
 * @param keyspaces the names of those in the placement
 * @returns why a placement can't have these, in words; null when it can
 */
export function agreedShardsFlaw(
  agreed: readonly AgreedShards[],
  keyspaces: readonly string[],
): string | null {
  if (!Array.isArray(agreed) || agreed.length === 0) return 'a placement has an empty list of shards';
  const names = agreed.map(({ keyspace }) => keyspace);
  if (new Set(names).size < names.length) return 'the shards of a keyspace are there twice';
  for (const one of agreed) {
    if (!keyspaces.includes(one.keyspace)) return 'there are shards of no keyspace';
    const flaw = shardsFlaw(one);
    if (flaw !== null) return flaw;
  }
  const numbers = agreed.flatMap(({ groups }) => groups.map((group: readonly number[]) => group[0]));
  return new Set(numbers).size < numbers.length ? 'two shards have the same group' : null;
}

/** The same for a keyspace without shards. */
export function wholeFlaw({ keyspace, shards, groups, places }: AgreedShards): string | null {
  const isOne = shards === 1 && groups.length === 1 && groups[0]!.length === 1 && places === undefined;
  return isOne ? null : `the group of ${keyspace} is not one of a level`;
}

/** @returns why these can't be the shards of a keyspace, in words; null when they can */
export function shardsFlaw({ keyspace, shards, groups, places }: AgreedShards): string | null {
  const isCount = Number.isInteger(shards) && shards >= 1 && shards <= SHARDS_MAX;
  if (!isCount || !Array.isArray(groups) || groups.length !== shards)
    return `the number of shards of ${keyspace} is not that of their groups`;
  if (!groups.every(isGroup)) return `a shard of ${keyspace} has no group`;
  if (places === undefined) return null;
  const areNames = Array.isArray(places) && places.length === shards && places.every(isPlace);
  return areNames && new Set(places).size === shards ? null : `a shard of ${keyspace} has no name`;
}

function isPlace(place: unknown): boolean {
  return typeof place === 'string' && /^\d{1,2}-(of|at)-\d{1,16}$/.test(place);
}

/** A number of a group, and then at least one controller, no controller twice. */
function isGroup(group: readonly number[]): boolean {
  if (!Array.isArray(group) || group.length < 2) return false;
  const [number, ...members] = group;
  const isIn = (value: unknown, from: number, to: number) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) < to;
  return (
    isIn(number, FIRST_SHARD_GROUP, FIRST_SHARD_GROUP + SHARD_GROUPS_MAX) &&
    members.every((member, at) => isIn(member, at === 0 ? 0 : members[at - 1]! + 1, IDS_END))
  );
}
