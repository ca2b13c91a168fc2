import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { type AgreedShards, shardsAsPlanned, wholeKeyspace, withPlaces } from './agreed-shards.ts';
import type { Reshard } from './reshard.ts';
import { FIRST_SHARD_GROUP, ReplicaSpread, SHARD_GROUPS_MAX } from './shards.ts';
import { shardsOfSlots } from './slots.ts';

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
  /** Names the new shards. No other change has it, whether it is made or not. */
  readonly stamp: number;
  /** The keyspace is ordered. */
  readonly isOrdered: boolean;
}

/**
 * The shards of a keyspace once it has another number of them.
 *
 *  1. Shards that stay keep their numbers, groups and controllers. The table of slots for a number of shards is made
 *     from that for one less, so as few slots as possible get another shard.
 *  2. A new shard gets as many controllers as the others have, or as the situation says where there are no others. It
 *     gets a number of a group that none has, and that none had a moment ago: a controller that is late must not take
 *     the new group for one that has ended. Its name is that of no other change, also of none that was given up: what
 *     is on disk of a group that was about to begin is never taken for that of another one.
 *  3. At an ordered level a shard that stays and gets slots has another group, of the same controllers. In the order of
 *     the group that it had, a flush may stand behind a write that another group has taken since.
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
  return withMembers(situation, [...kept, ...added], entered(situation, from.shards, shards));
}

/** The shards that stay and can't keep their group, since they get slots of others. */
function entered({ isOrdered }: ShardSituation, before: number, after: number): ReadonlySet<number> {
  // mutant: order-takes-slots-in
  if (!isOrdered) return NONE;
  const [had, has] = [shardsOfSlots(before), shardsOfSlots(after)];
  return new Set(has.filter((shard, slot) => shard !== had[slot]));
}

const NONE: ReadonlySet<number> = new Set();

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
  return withMembers(situation, members, NONE);
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
  return withMembers(situation, members, NONE);
}

/**
 * Shards with the same controllers keep their groups and names, and all others get new ones.
 *
 * @param members of each shard, by its number
 * @param renewed the numbers of shards that get new ones all the same
 */
function withMembers(
  situation: ShardSituation,
  members: readonly (readonly ControllerId[])[],
  renewed: ReadonlySet<number>,
): Reshard | null {
  const { agreed, keyspace, whole, epoch, stamp } = situation;
  const from = ownOf(situation);
  const planned = whole === undefined ? shardsAsPlanned([from]) : [];
  const taken = new Set(agreed.flatMap((one) => one.groups.map(([group]) => group!)));
  const groups: (readonly number[])[] = [];
  const places: string[] = [];
  let next = epoch;
  for (const [shard, ids] of members.entries()) {
    const known = planned[shard];
    // mutant: keeps-its-old-group
    if (known !== undefined && !renewed.has(shard) && known.members.join() === ids.join()) {
      groups.push(from.groups[shard]!);
      places.push(known.place);
      continue;
    }
    if (taken.size === SHARD_GROUPS_MAX) return null;
    while (taken.has(groupAt(next))) next++;
    const group = groupAt(next);
    taken.add(group);
    groups.push([group, ...ids]);
    places.push(`${shard}-at-${stamp}`);
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
