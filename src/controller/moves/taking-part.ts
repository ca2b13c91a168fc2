import type { ControllerId } from '../../base/number-kinds.ts';
import type { Membership } from '../../membership/membership.ts';
import { isCounted } from '../../placement/configuration.ts';
import { concernsAll, holdersOf } from '../../placement/reshard.ts';

/**
 * The peers that have to take each step of the move that is under way.
 *
 * A keyspace that moves between groups of all controllers, or gets its first shards, waits for all of them, whether
 * they vote or not: each has entries of its own. Shards are on controllers that vote alone. Another one can answer no
 * request for their keys by itself, whatever it goes by: it asks a controller that has them, which knows better.
 */
export function peersTakingPart(
  { placement, configuration }: Pick<Membership, 'placement' | 'configuration'>,
  peers: readonly ControllerId[],
): readonly ControllerId[] {
  const reshard = placement?.move?.reshard;
  // mutant: first-shards-without-all
  if (reshard === undefined || concernsAll(reshard)) return peers;
  const holders = holdersOf([reshard.from, reshard.to]);
  // mutant: waits-for-who-has-no-shards
  return peers.filter((peer) => isCounted(configuration, peer) || holders.has(peer));
}
