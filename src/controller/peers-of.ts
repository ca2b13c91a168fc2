import type { ControllerId } from '../base/number-kinds.ts';
import { AbsentPeers } from '../membership/absent-peers.ts';
import { Peers } from '../membership/peers.ts';
import { addressTextOf, type Configuration, idsOf } from '../placement/configuration.ts';
import type { CorePorts } from './core-ports.ts';

/** The other controllers of the cluster, by their configuration. @param tickMs how often the core ticks */
export function peersOf(
  { settings, bus, clock }: CorePorts,
  configuration: () => Configuration,
  tickMs: number,
): Peers {
  const { self, heartbeatMs, threshold } = settings;
  return new Peers({
    ids: peerIdsIn(configuration(), self),
    heartbeatMs,
    threshold,
    clock,
    tickMs,
    isLinked: (peer) => bus.isUp(peer),
    nameOf: (peer) => addressTextOf(configuration(), peer),
  });
}

/** The ids of the other controllers. */
export function peerIdsIn(configuration: Configuration, self: ControllerId): readonly ControllerId[] {
  return idsOf(configuration).filter((id) => id !== self);
}

/** Which of them are absent. */
export function absenceOf(
  { settings, clock }: CorePorts,
  configuration: () => Configuration,
  peers: Peers,
): AbsentPeers {
  const { self: node, tombstoneHorizonMs: horizonMs } = settings;
  return new AbsentPeers({ node, configuration, peers, clock, horizonMs });
}
