import type { ControllerId } from '../../base/number-kinds.ts';
import { POLICIES } from '../../consistency/policies.ts';
import type { Membership } from '../../membership/membership.ts';
import { isCounted, isFollower } from '../../placement/configuration.ts';
import { concernsAll, holdersOf } from '../../placement/reshard.ts';
import { SCHEMES } from '../../replication/schemes.ts';

/**
 * The peers that have to take each step of the move that is under way.
 *
 * A keyspace that moves between groups of all controllers, or gets its first shards, waits for all of them, whether
 * they vote or not: each has entries of its own. A change of shards waits for those that vote, and for those that have
 * one of these shards before or after it. Another one can answer no request for their keys by itself, whatever it goes
 * by: it asks a controller that has them, which knows better.
 *
 * Sessions name the groups in which they have seen something. A controller that follows takes a group that it does not
 * know for one that has ended. So where the keyspace has sessions, all that follow have to know the groups after before
 * these serve.
 */
export function peersTakingPart(
  { placement, configuration }: Pick<Membership, 'placement' | 'configuration'>,
  peers: readonly ControllerId[],
): readonly ControllerId[] {
  const reshard = placement?.move?.reshard;
  // mutant: first-shards-without-all
  if (reshard === undefined || concernsAll(reshard)) return peers;
  const holders = holdersOf([reshard.from, reshard.to]);
  // mutant: serves-sessions-unknown-to-some
  const hasSessions = placement!.keyspaces.some(({ name, level }) => {
    return name === reshard.from.keyspace && SCHEMES[POLICIES[level].scheme].hasSessions;
  });
  const isToKnow = (peer: ControllerId) => hasSessions && isFollower(configuration, peer);
  // mutant: waits-for-who-has-no-shards
  return peers.filter((peer) => isCounted(configuration, peer) || holders.has(peer) || isToKnow(peer));
}
