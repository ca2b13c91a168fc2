import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { type AgreedShards, isWhole, shardsAsPlanned } from '../placement/agreed-shards.ts';
import type { Hold, ShardElsewhere, Shards } from '../placement/keyspaces.ts';
import { groupsOfSlots, type Reshard } from '../placement/reshard.ts';
import { nameOfShard, type PlannedShard } from '../placement/shards.ts';
import { SLOTS } from '../placement/slots.ts';
import type { Group } from '../replication/group.ts';
import type { LeveledKeyspace } from './leveled-keyspace.ts';

/** What one placement says of the shards of a keyspace. */
export interface KnownShards {
  /** Those that serve. */
  readonly serving: AgreedShards;
  /** The change of their number that is under way; null while there is none. */
  readonly reshard: Reshard | null;
  /** No write of the slots that move is taken. */
  readonly hasBarrier: boolean;
}

export interface ShardPartsPorts {
  readonly node: ControllerId;
  /** Undefined while this controller has no part in the group. */
  readonly entriesOf: (group: GroupNumber) => Group | undefined;
}

/** The keyspace as a whole. */
type Whole = Omit<LeveledKeyspace, 'shards'>;

/** How some slots are served: every slot of which all of this is the same is routed by one part. */
interface SlotState {
  /** The group that serves the slot by the installed placement, and by the accepted one. */
  readonly now: GroupNumber;
  readonly next: GroupNumber;
  /** The groups that the slot has or gets by a move of the accepted placement. */
  readonly sides: readonly GroupNumber[];
  readonly isBarred: boolean;
}

/**
 * The parts that a keyspace with shards is routed by: one for each shard, and further ones for slots that are about to
 * get another shard. A keyspace that has no shards yet, and is about to have some, is one shard of all controllers.
 *
 * @param now by the placement that is installed here
 * @param next by the one that was accepted here last
 */
export function shardParts(
  whole: Whole,
  now: KnownShards,
  next: KnownShards,
  ports: ShardPartsPorts,
): Shards<LeveledKeyspace> {
  const shards = new Map<GroupNumber, PlannedShard>(
    shardsAsPlanned([next.serving, now.serving].filter((one) => !isWhole(one))).map((shard) => [
      shard.group,
      shard,
    ]),
  );
  const parts = new Map<string, LeveledKeyspace>();
  const stateOf = statesOfSlots(now, next);
  const bySlot = Array.from({ length: SLOTS }, (_, slot) => {
    const state = stateOf(slot);
    const name = `${state.now} ${state.next} ${state.sides.join(' ')} ${state.isBarred}`;
    const part = parts.get(name) ?? partOf(whole, state, shards, ports);
    parts.set(name, part);
    return part;
  });
  const inOrder = [...parts.values()].sort((a, b) => numberOf(a) - numberOf(b));
  return { all: inOrder, bySlot };
}

/** The parts of one shard follow each other. */
function numberOf({ elsewhere, group }: LeveledKeyspace): number {
  return elsewhere?.group ?? group.number;
}

function statesOfSlots(now: KnownShards, next: KnownShards): (slot: number) => SlotState {
  const serving = [now, next].map((known) => groupsOfSlots(known.serving));
  const moves = [now, next].map(({ reshard }) =>
    reshard === null ? null : [groupsOfSlots(reshard.from), groupsOfSlots(reshard.to)],
  );
  const sidesAt = (known: number, slot: number) => moves[known]?.map((groups) => groups[slot]!) ?? [];
  const isBarred = ({ hasBarrier }: KnownShards, [before, after]: readonly GroupNumber[]) =>
    hasBarrier && before !== after;
  return (slot) => {
    const [installed, accepted] = [sidesAt(0, slot), sidesAt(1, slot)];
    return {
      now: serving[0]![slot]!,
      next: serving[1]![slot]!,
      sides: accepted,
      // mutant: reshards-without-barrier
      isBarred: isBarred(now, installed) || isBarred(next, accepted),
    };
  };
}

function partOf(
  whole: Whole,
  state: SlotState,
  shards: ReadonlyMap<GroupNumber, PlannedShard>,
  { node, entriesOf }: ShardPartsPorts,
): LeveledKeyspace {
  const shard = shards.get(state.now);
  const group = entriesOf(state.now);
  // The group of a level has all controllers.
  const elsewhere = shard === undefined || shard.members.includes(node) ? null : elsewhereOf(whole, shard);
  const isOpen = group !== undefined || elsewhere !== null;
  return {
    ...whole,
    group: group ?? whole.group,
    owner: ownerOf(state, entriesOf) ?? whole.group,
    serving: entriesOf(state.next) ?? null,
    hold: isOpen ? holdOf(state) : 'all',
    elsewhere,
    shards: null,
  };
}

function elsewhereOf({ name: keyspace }: Whole, shard: PlannedShard): ShardElsewhere {
  return { group: shard.group, members: shard.members, name: nameOfShard(shard), keyspace };
}

/**
 * The group whose values the store has. Where the group that serves is not here, the store has those of the other group
 * of the move, which gets the keys, or had them until now.
 */
function ownerOf({ next, sides }: SlotState, entriesOf: ShardPartsPorts['entriesOf']): Group | undefined {
  return [next, ...sides].map(entriesOf).find((group) => group !== undefined);
}

function holdOf({ now, next, isBarred }: SlotState): Hold {
  if (now !== next) return 'all';
  return isBarred ? 'writes' : 'nothing';
}
