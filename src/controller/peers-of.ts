import type { ControllerId } from '../base/number-kinds.ts';
import { AbsentPeers } from '../membership/absent-peers.ts';
import { Peers } from '../membership/peers.ts';
import { addressTextOf, type Configuration, hasFollowers } from '../placement/configuration.ts';
import { plannedShards } from '../placement/shards.ts';
import type { CorePorts } from './core-ports.ts';
import { standingPeers } from './standing-peers.ts';

/** The peers with which heartbeats are exchanged. Where some do not vote, the shards stay as they are configured. */
export function standingIn({ settings }: CorePorts, configuration: Configuration): readonly ControllerId[] {
  const shards = hasFollowers(configuration) ? plannedShards(settings, settings.peers.length) : [];
  return standingPeers(configuration, shards, settings.self);
}

/** The other controllers of the cluster, by their configuration. @param tickMs how often the core ticks */
export function peersOf(ports: CorePorts, configuration: () => Configuration, tickMs: number): Peers {
  const { settings, bus, clock } = ports;
  const { heartbeatMs, threshold } = settings;
  return new Peers({
    ids: standingIn(ports, configuration()),
    heartbeatMs,
    threshold,
    clock,
    tickMs,
    isLinked: (peer) => bus.isUp(peer),
    nameOf: (peer) => addressTextOf(configuration(), peer),
  });
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
