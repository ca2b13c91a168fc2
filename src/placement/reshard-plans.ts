import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { type AgreedShards, shardsAsPlanned, wholeKeyspace, withPlaces } from './agreed-shards.ts';
import type { Reshard } from './reshard.ts';
import { FIRST_SHARD_GROUP, ReplicaSpread, SHARD_GROUPS_MAX } from './shards.ts';

/** What a change of the shards of a keyspace begins with. */
export interface ShardSituation {
  /** The shards of all keyspaces as they are. */
  readonly agreed: readonly AgreedShards[];
  /** The name of the keyspace. */
  readonly keyspace: string;
  /** Of a keyspace that has no shards yet: the group that has it, and how many controllers each shard gets. */
  readonly whole?: { readonly group: GroupNumber; readonly replicas: number };
  /** The controllers that may get shards, and the zones by their ids: see `ShardSettings`. */
  readonly controllers: readonly ControllerId[];
  readonly zones: readonly string[];
  /** That of the placement which will have the new shards first. */
  readonly epoch: number;
}

/**
 * The shards of a keyspace once it has another number of them.
 *
 *  1. Shards that stay keep their numbers, groups and controllers. The table of slots for a number of shards is made
 *     from that for one less, so as few slots as possible get another shard.
 *  2. A new shard gets as many controllers as the others have, or as the situation says where there are no others. It
 *     gets a group and a name that none has, and that none had a moment ago: a controller that is late must not take
 *     the new group for one that has ended.
 *
 * @returns null where there are not enough numbers of groups
 */
export function resharded(situation: ShardSituation, shards: number): Reshard | null {
  const { agreed, whole, controllers, zones } = situation;
  const from = ownOf(situation);
  const kept = whole !== undefined ? [] : from.groups.slice(0, shards).map(membersIn);
  const others = agreed.filter((one) => one !== from).flatMap(({ groups }) => groups.map(membersIn));
  const spread = new ReplicaSpread(controllers, zones, [...others, ...kept]);
  const replicas = whole?.replicas ?? membersIn(from.groups[0]!).length;
  const added = Array.from({ length: shards - kept.length }, () => spread.next(replicas));
  return withMembers(situation, [...kept, ...added]);
}

/**
 * The shards of a keyspace once one of them has other controllers.
 *
 * @returns null where there are not enough numbers of groups
 */
export function movedShard(
  situation: ShardSituation,
  shard: number,
  controllers: readonly ControllerId[],
): Reshard | null {
  const from = ownOf(situation);
  const sorted = controllers.toSorted((a, b) => a - b);
  const members = from.groups.map((group, at) => (at === shard ? sorted : membersIn(group)));
  return withMembers(situation, members);
}

/**
 * The shards of a keyspace once the replicas of all keyspaces are spread evenly over the controllers, as far as those
 * of this one allow. No replica moves that need not: a controller has two more than another, or gets none any more.
 *
 * @returns null where there are not enough numbers of groups
 */
export function rebalanced(situation: ShardSituation): Reshard | null {
  const { agreed, controllers, zones } = situation;
  const from = ownOf(situation);
  const replicas = membersIn(from.groups[0]!).length;
  const staying = from.groups.map((group) => membersIn(group).filter((id) => controllers.includes(id)));
  const others = agreed.filter((one) => one !== from).flatMap(({ groups }) => groups.map(membersIn));
  const spread = new ReplicaSpread(controllers, zones, [...others, ...staying]);
  const members = staying.map((kept) => spread.filled(kept, replicas));
  for (let step = spread.evener(members); step !== null; step = spread.evener(members))
    members[step.at] = step.members;
  return withMembers(situation, members);
}

/**
 * Shards with the same controllers keep their groups and names, and all others get new ones.
 *
 * @param members of each shard, by its number
 */
function withMembers(
  situation: ShardSituation,
  members: readonly (readonly ControllerId[])[],
): Reshard | null {
  const { agreed, keyspace, whole, epoch } = situation;
  const from = ownOf(situation);
  const planned = whole === undefined ? shardsAsPlanned([from]) : [];
  const taken = new Set(agreed.flatMap((one) => one.groups.map(([group]) => group!)));
  const groups: (readonly number[])[] = [];
  const places: string[] = [];
  let next = epoch;
  for (const [shard, ids] of members.entries()) {
    const known = planned[shard];
    // mutant: keeps-its-old-group
    if (known !== undefined && known.members.join() === ids.join()) {
      groups.push(from.groups[shard]!);
      places.push(known.place);
      continue;
    }
    if (taken.size === SHARD_GROUPS_MAX) return null;
    while (taken.has(groupAt(next))) next++;
    const group = groupAt(next);
    taken.add(group);
    groups.push([group, ...ids]);
    places.push(`${shard}-at-${epoch}`);
  }
  return { from, to: withPlaces({ keyspace, shards: members.length, groups }, places) };
}

function ownOf({ agreed, keyspace, whole }: ShardSituation): AgreedShards {
  if (whole !== undefined) return wholeKeyspace(keyspace, whole.group);
  return agreed.find((one) => one.keyspace === keyspace)!;
}

function membersIn([, ...members]: readonly number[]): readonly ControllerId[] {
  return members;
}

function groupAt(number: number): GroupNumber {
  return FIRST_SHARD_GROUP + (number % SHARD_GROUPS_MAX);
}
