import { Peers } from '../membership/peers.ts';
import type { CorePorts } from './core-ports.ts';

/** The other controllers of the cluster, by the settings. @param tickMs how often the core ticks */
export function peersOf({ settings, bus, clock }: CorePorts, tickMs: number): Peers {
  const { peers, self, heartbeatMs, threshold } = settings;
  return new Peers({
    ids: peers.map((_, id) => id).filter((id) => id !== self),
    heartbeatMs,
    threshold,
    clock,
    tickMs,
    isLinked: (peer) => bus.isUp(peer),
    nameOf: (peer) => `${peers[peer]!.host}:${peers[peer]!.port}`,
  });
}
