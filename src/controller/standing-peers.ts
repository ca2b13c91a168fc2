import type { ControllerId } from '../base/number-kinds.ts';
import {
  type Configuration,
  hasFollowers,
  idsOf,
  isFollower,
  isVoter,
  votersOf,
} from '../placement/configuration.ts';
import type { PlannedShard } from '../placement/shards.ts';

/**
 * With which other controllers this one exchanges heartbeats. Where all vote, these are all. Where some follow:
 *
 *  - a voter does so with all, because they take the time of the cluster from the voters;
 *  - a follower does so with the voters, and with its mates.
 *
 * **Mates** are the controllers with which this one has a shard in common, and two voters. A follower and a controller
 * that is neither a mate nor a voter send requests to each other, and nothing else.
 */

/** The other controllers whose heartbeats come here, by the configuration alone. */
export function standingPeers(
  configuration: Configuration,
  shards: readonly PlannedShard[],
  self: ControllerId,
): readonly ControllerId[] {
  const all = idsOf(configuration).filter((id) => id !== self);
  if (!isFollower(configuration, self)) return all;
  const mates = matesAmong(configuration, shards, self);
  return all.filter((id) => mates.has(id) || isVoter(configuration, id));
}

export function matesAmong(
  configuration: Configuration,
  shards: readonly PlannedShard[],
  self: ControllerId,
): ReadonlySet<ControllerId> {
  const inShards = shards.filter(({ members }) => members.includes(self)).flatMap(({ members }) => members);
  const voting = isVoter(configuration, self) ? votersOf(configuration) : [];
  const mates = new Set([...inShards, ...voting]);
  mates.delete(self);
  return mates;
}

/**
 * The controllers that take part in the groups of whole keyspaces; null for all. Where controllers follow, no keyspace
 * is in such a group, so a follower has it for itself.
 */
export function membersOfWhole(
  configuration: Configuration,
  self: ControllerId,
): readonly ControllerId[] | null {
  if (!hasFollowers(configuration)) return null;
  return isFollower(configuration, self) ? [self] : votersOf(configuration);
}
