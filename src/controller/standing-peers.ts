import type { ControllerId } from '../base/number-kinds.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import { type Configuration, idsOf, isFollower } from '../placement/configuration.ts';
import type { PlannedShard } from '../placement/shards.ts';
import { transfersOf } from './moves/transfers.ts';

/**
 * With which other controllers this one exchanges heartbeats. Where all vote, these are all. Where some follow:
 *
 *  - one that does not follow does so with all, because they take the time of the cluster from the voters;
 *  - a follower does so with those that do not follow, with its mates, and with those that it gives records of keys
 *    that move, or gets them from.
 *
 * **Mates** are the controllers with which this one has a shard in common, and two that do not follow. Two followers
 * of which none of this is true send requests to each other, and nothing else.
 */

/** What decides that. */
export interface StandingSituation {
  readonly self: ControllerId;
  readonly configuration: Configuration;
  /** All that may have keys. */
  readonly shards: readonly PlannedShard[];
  readonly placement: Placement | null;
}

/** The other controllers whose heartbeats come here. */
export function standingPeers(situation: StandingSituation): ReadonlySet<ControllerId> {
  const { self, configuration, shards, placement } = situation;
  const others = idsOf(configuration).filter((id) => id !== self);
  if (!isFollower(configuration, self)) return new Set(others);
  const mates = matesAmong(configuration, shards, self);
  const moving = matesOfMove(placement, self);
  return new Set(others.filter((id) => !isFollower(configuration, id) || mates.has(id) || moving.has(id)));
}

export function matesAmong(
  configuration: Configuration,
  shards: readonly PlannedShard[],
  self: ControllerId,
): ReadonlySet<ControllerId> {
  const inShards = shards.filter(({ members }) => members.includes(self)).flatMap(({ members }) => members);
  const isRoot = (id: ControllerId) => !isFollower(configuration, id);
  // mutant: joins-unheard
  const inRoot = isRoot(self) ? idsOf(configuration).filter(isRoot) : [];
  const mates = new Set([...inShards, ...inRoot]);
  mates.delete(self);
  return mates;
}

/** The controllers of the shards that this one gets slots from, or gives some to, by the move that is under way. */
export function matesOfMove(placement: Placement | null, self: ControllerId): ReadonlySet<ControllerId> {
  if (placement?.move?.reshard === undefined) return NONE;
  const mates = new Set<ControllerId>();
  for (const { fromMembers, toMembers } of transfersOf(placement)) {
    const all = [...(fromMembers ?? []), ...(toMembers ?? [])];
    if (all.includes(self)) for (const id of all) mates.add(id);
  }
  mates.delete(self);
  return mates;
}

const NONE: ReadonlySet<ControllerId> = new Set();
