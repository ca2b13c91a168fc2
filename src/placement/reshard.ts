import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { type AgreedShards, shardsAsPlanned, withPlaces } from './agreed-shards.ts';
import { FIRST_SHARD_GROUP, ReplicaSpread, SHARD_GROUPS_MAX } from './shards.ts';
import { SLOTS, shardsOfSlots, slotOf } from './slots.ts';

/** The shards of one keyspace before and after a change of their number. */
export interface Reshard {
  readonly from: AgreedShards;
  readonly to: AgreedShards;
}

export interface ReshardWish {
  /** The shards of all keyspaces as they are. */
  readonly agreed: readonly AgreedShards[];
  readonly keyspace: string;
  /** How many there are to be. */
  readonly shards: number;
  /** How many controllers the cluster has, and their zones: see `ShardSettings`. */
  readonly controllers: number;
  readonly zones: readonly string[];
  /** That of the placement which will have the new shards first. */
  readonly epoch: number;
}

/**
 * The shards of a keyspace once it has another number of them.
 *
 *  1. Shards that stay keep their numbers, groups and controllers. The table of slots for a number of shards is made
 *     from that for one less, so as few slots as possible get another shard.
 *  2. A new shard gets as many controllers as the others have, and a group and a name that none has, and that none had
 *     a moment ago: a controller that is late must not take the new group for one that has ended.
 *
 * @returns null where there are not enough numbers of groups
 */
export function resharded({
  agreed,
  keyspace,
  shards,
  controllers,
  zones,
  epoch,
}: ReshardWish): Reshard | null {
  const from = agreed.find((one) => one.keyspace === keyspace)!;
  const groups = from.groups.slice(0, shards);
  const places = shardsAsPlanned([from])
    .slice(0, shards)
    .map(({ place }) => place);
  const taken = new Set(agreed.flatMap((one) => one.groups.map(([group]) => group!)));
  const others = agreed.filter((one) => one !== from).flatMap((one) => one.groups);
  const members = [...others, ...groups].map(([, ...ids]) => ids);
  const spread = new ReplicaSpread(controllers, zones, members);
  const replicas = from.groups[0]!.length - 1;
  let next = epoch;
  for (let shard = groups.length; shard < shards; shard++) {
    if (taken.size === SHARD_GROUPS_MAX) return null;
    while (taken.has(groupAt(next))) next++;
    const group = groupAt(next);
    taken.add(group);
    groups.push([group, ...spread.next(replicas)]);
    places.push(`${shard}-at-${epoch}`);
  }
  return { from, to: withPlaces({ keyspace, shards, groups }, places) };
}

function groupAt(number: number): GroupNumber {
  return FIRST_SHARD_GROUP + (number % SHARD_GROUPS_MAX);
}

/** Slots that go from one shard to another. */
export interface MovedSlots {
  readonly from: GroupNumber;
  readonly to: GroupNumber;
  /** The controllers of both, in the order of their ids. */
  readonly fromMembers: readonly ControllerId[];
  readonly toMembers: readonly ControllerId[];
  /** Whether the slot of a key is one of them. */
  readonly has: (key: string) => boolean;
}

/** What a change of the number of shards takes from group to group: no two have a slot in common. */
export function movedSlots({ from, to }: Reshard): readonly MovedSlots[] {
  const [before, after] = [groupsOfSlots(from), groupsOfSlots(to)];
  const members = new Map([...from.groups, ...to.groups].map(([group, ...ids]) => [group!, ids]));
  const moved = new Map<string, MovedSlots>();
  for (let slot = 0; slot < SLOTS; slot++) {
    const [left, entered] = [before[slot]!, after[slot]!];
    if (left === entered || moved.has(`${left} ${entered}`)) continue;
    moved.set(`${left} ${entered}`, {
      from: left,
      to: entered,
      fromMembers: members.get(left)!,
      toMembers: members.get(entered)!,
      has: (key) => before[slotOf(key)] === left && after[slotOf(key)] === entered,
    });
  }
  return [...moved.values()];
}

/** The group of each slot. */
export function groupsOfSlots({ shards, groups }: AgreedShards): readonly GroupNumber[] {
  return Array.from(shardsOfSlots(shards), (shard) => groups[shard]![0]!);
}

/** The groups of a keyspace that has other shards than before: any of them may have lost keys. */
export function groupsLeft(
  before: readonly AgreedShards[],
  after: readonly AgreedShards[],
): ReadonlySet<GroupNumber> {
  const changed = before.filter((one) => {
    const now = after.find(({ keyspace }) => keyspace === one.keyspace);
    return one !== now && one.shards !== now?.shards;
  });
  return new Set(changed.flatMap(({ groups }) => groups.map(([group]) => group!)));
}
