import type { Peers } from '../membership/peers.ts';
import type { CorePorts } from './core-ports.ts';

/**
 * The link to a peer that was silent for this many suspicion times is broken, and the peer is dialled again.
 */
const BREAK_AFTER_THRESHOLDS = 10;

/** Breaks the links to peers that have been silent for so long that a new connection may work better. */
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
