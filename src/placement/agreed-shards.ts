import type { GroupNumber } from '../base/number-kinds.ts';
import { FIRST_SHARD_GROUP, type PlannedShard, SHARD_GROUPS_MAX } from './shards.ts';
import { SHARDS_MAX } from './slots.ts';

/**
 * The shards of one keyspace as a placement has them. The first placement takes them from the configuration. All later
 * ones have the same, and no controller plans them anew.
 */
export interface AgreedShards {
  /** The name of the keyspace. */
  readonly keyspace: string;
  /** The slots of each shard are those of `shardsOfSlots` for this number. */
  readonly shards: number;
  /** Of each shard, by its number: its group, and then the controllers that have its entries, in order of their ids. */
  readonly groups: readonly (readonly number[])[];
}

/** Those of each keyspace, in the order of the plan. */
export function agreedShardsOf(planned: readonly PlannedShard[]): readonly AgreedShards[] {
  const names = [...new Set(planned.map(({ keyspace }) => keyspace))];
  return names.map((keyspace) => {
    const own = planned.filter((shard) => shard.keyspace === keyspace);
    const groups = own.map(({ group, members }) => [group, ...members]);
    return { keyspace, shards: own.length, groups };
  });
}

/** The plan that they were taken from. */
export function shardsAsPlanned(agreed: readonly AgreedShards[]): readonly PlannedShard[] {
  return agreed.flatMap(({ keyspace, shards, groups }) =>
    groups.map(([group, ...members], shard) => {
      return { keyspace, shard, of: shards, group: group as GroupNumber, members };
    }),
  );
}

/** With the fields in one order. */
export function agreedInOrder({ keyspace, shards, groups }: AgreedShards): AgreedShards {
  return { keyspace, shards, groups };
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
  for (const { keyspace, shards, groups } of agreed) {
    if (!keyspaces.includes(keyspace)) return 'there are shards of no keyspace';
    const isCount = Number.isInteger(shards) && shards >= 2 && shards <= SHARDS_MAX;
    if (!isCount || !Array.isArray(groups) || groups.length !== shards)
      return `the number of shards of ${keyspace} is not that of their groups`;
    if (!groups.every(isGroup)) return `a shard of ${keyspace} has no group`;
  }
  const numbers = agreed.flatMap(({ groups }) => groups.map((group: readonly number[]) => group[0]));
  return new Set(numbers).size < numbers.length ? 'two shards have the same group' : null;
}

/** A number of a group, and then at least one controller, no controller twice. */
function isGroup(group: readonly number[]): boolean {
  if (!Array.isArray(group) || group.length < 2) return false;
  const [number, ...members] = group;
  const isIn = (value: unknown, from: number, to: number) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) < to;
  return (
    isIn(number, FIRST_SHARD_GROUP, FIRST_SHARD_GROUP + SHARD_GROUPS_MAX) &&
    members.every((member, at) => isIn(member, at === 0 ? 0 : members[at - 1]! + 1, CONTROLLERS_MAX))
  );
}

/** A message names a controller in one byte. */
const CONTROLLERS_MAX = 256;
