import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { AbsentPeers } from '../membership/absent-peers.ts';
import type { Departure } from '../membership/departure.ts';
import { type Gate, OPEN } from '../membership/gate.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
import { hasEnded } from '../placement/agreed-placement.ts';
import { type Configuration, idsEndOf } from '../placement/configuration.ts';
import type { PlannedShard } from '../placement/shards.ts';
import type { ControllerPorts } from '../replication/scheme-ports.ts';
import { configuredIn } from './configuration-follower.ts';
import type { CorePorts } from './core-ports.ts';
import type { CoreTime } from './core-time.ts';
import type { Retirement } from './retirement.ts';
import type { Settings } from './settings.ts';

/** The parts of the core that groups need. Those that are made later than the groups are asked for. */
interface SharedParts
  extends Pick<ControllerPorts, 'configuration' | 'onPlacement' | 'onChange' | 'announce' | 'startEmpty'> {
  readonly peers: Peers;
  readonly time: CoreTime;
  readonly absence: AbsentPeers;
  readonly departure: Departure;
  readonly retirement: Retirement;
  /** Those of the root group. */
  readonly views: () => Membership;
  readonly olderPeers: () => readonly ControllerId[];
  /** See `WholeMembers`. */
  readonly isWholeMember: (id: ControllerId) => boolean;
}

/**
 * Whether the group was one of a shard that is no more. A controller without a lease may have missed later placements,
 * and groups that have begun since: to it no group has ended. One that follows misses none of those that matter here:
 * see `peersTakingPart`.
 */
export function hasEndedIn(views: Membership, group: GroupNumber): boolean {
  const { placement, acceptedPlacement } = views;
  return hasEnded([placement, acceptedPlacement], group) && views.placementGate().state === 'open';
}

/** Whether a controller with these settings may answer for shards. Without a data directory they never change. */
export function shardsGateOf(views: Membership, { dataDir }: Pick<Settings, 'dataDir'>): Gate {
  return dataDir === '' ? views.votingGate() : views.shardsGate();
}

/** What the controller gives to one group. @param shard null for a group of whole keyspaces */
export function controllerPortsOf(
  ports: CorePorts,
  group: GroupNumber,
  shard: PlannedShard | null,
  shared: SharedParts,
): ControllerPorts {
  const { settings, incarnation, clock, random, incarnationOf, refuse, requestFlush } = ports;
  const { configuration, peers, time, absence, departure, retirement, views, olderPeers } = shared;
  const { onPlacement, onChange, announce, startEmpty } = shared;
  const isIn = shard === null ? shared.isWholeMember : (id: ControllerId) => shard.members.includes(id);
  const configured: Configuration = configuredIn(ports, group, shard, configuration());
  return {
    node: settings.self,
    configuration: shard === null ? configuration : () => configured,
    originsEnd: () => idsEndOf(configuration()),
    configured,
    incarnation,
    clock,
    random,
    time: time.cluster,
    versions: time.versions,
    peers: peers.only(isIn),
    isMember: isIn,
    isAbsent: (peer) => absence.isAbsent(peer),
    incarnationOf,
    takesDifferences: () => olderPeers().length === 0,
    placementGate: () => views().placementGate(),
    votingGate: () => (shard === null ? views().votingGate() : shardsGateOf(views(), settings)),
    // The controllers of a group of a shard never change: other controllers have another group.
    votersGate: () => (shard === null ? views().gate('read') : OPEN),
    hasEnded: (number) => hasEndedIn(views(), number),
    hasMovedShards: () => views().placement?.shards !== undefined,
    retiredMs: (peer) => retirement.retiredMs(peer),
    refuse,
    requestFlush,
    onPlacement,
    onChange,
    announce,
    isDrained: () => departure.phase === 'drained',
    startEmpty,
  };
}
