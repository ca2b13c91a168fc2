import type { Peers } from '../membership/peers.ts';
import type { CorePorts } from './core-ports.ts';

/** A peer that was silent for this many suspicion times has its connection broken, and is called again. */
const BREAK_AFTER_THRESHOLDS = 10;

/** Breaks the links to peers that have been silent for so long that a new connection may do better. */
export function breakSilentLinks(
  peers: Peers,
  ports: Pick<CorePorts, 'settings' | 'bus' | 'breakLink'>,
): void {
  const { bus, breakLink } = ports;
  const { heartbeatMs, threshold } = ports.settings;
  const breakAfterMs = heartbeatMs * threshold * BREAK_AFTER_THRESHOLDS;
  for (const peer of peers.ids) {
    const silentMs = peers.silentMs(peer);
    if (silentMs !== null && silentMs > breakAfterMs && bus.isUp(peer))
      breakLink(peer, 'silent for too long');
  }
}
