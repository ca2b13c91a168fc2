import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { type AgreedShards, isWhole, sameShards } from './agreed-shards.ts';
import { FIRST_SHARD_GROUP } from './shards.ts';
import { SLOTS, shardsOfSlots, slotOf } from './slots.ts';

/**
 * The shards of one keyspace before and after a change of their number, or of the controllers that have them. A
 * keyspace that had no shards is a `wholeKeyspace` before.
 */
export interface Reshard {
  readonly from: AgreedShards;
  readonly to: AgreedShards;
}

/** One side of the change is a keyspace without shards: all controllers have entries of it. */
export function concernsAll({ from, to }: Reshard): boolean {
  return isWhole(from) || isWhole(to);
}

/** The controllers that have any of these shards. */
export function holdersOf(shards: readonly AgreedShards[]): ReadonlySet<ControllerId> {
  return new Set(shards.flatMap(({ groups }) => groups.flatMap(([, ...members]) => members)));
}

/** Slots that go from one shard to another. */
export interface MovedSlots {
  readonly from: GroupNumber;
  readonly to: GroupNumber;
  /** The controllers of both, in the order of their ids; null for all. */
  readonly fromMembers: readonly ControllerId[] | null;
  readonly toMembers: readonly ControllerId[] | null;
  /** Whether the slot of a key is one of them. */
  readonly has: (key: string) => boolean;
}

/** What the change takes from group to group: no two have a slot in common. */
export function movedSlots({ from, to }: Reshard): readonly MovedSlots[] {
  const [before, after] = [groupsOfSlots(from), groupsOfSlots(to)];
  const isOfAll = (group: GroupNumber) => group < FIRST_SHARD_GROUP;
  const members = new Map(
    [...from.groups, ...to.groups].map(([group, ...ids]) => [group!, isOfAll(group!) ? null : ids]),
  );
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
    return now === undefined || !sameShards(one, now);
  });
  return new Set(changed.flatMap(({ groups }) => groups.map(([group]) => group!)));
}
