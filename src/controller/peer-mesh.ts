import { randomBytes } from 'node:crypto';
import { isOnLoopback } from '../peer/loopback.ts';
import { Mesh } from '../peer/mesh.ts';
import type { Core } from './core.ts';
import type { Logger } from './log/logger.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { nameOf, type Settings } from './settings.ts';

export interface PeerMeshPorts {
  readonly settings: Settings;
  readonly secret: Buffer | null;
  readonly incarnation: number;
  readonly logger: Logger;
  /** There is one by the time that the mesh is opened. */
  readonly core: () => Core;
  readonly requestFlush: () => void;
  readonly onTaken: (reason: string) => void;
  /** The link to the peer has ended. */
  readonly onEnded: (peer: number) => void;
}

/** The mesh of a controller, told by its settings, and telling its core and its log. */
export function createMesh({ core, logger, settings, onEnded, ...ports }: PeerMeshPorts): Mesh {
  const { cluster, self, peers, level, heartbeatMs, threshold } = settings;
  const suspectMs = heartbeatMs * threshold;
  return new Mesh({
    ...ports,
    node: self,
    addresses: peers,
    belonging: {
      cluster,
      level,
      peers: peers.map(nameOf).join(','),
      node: self,
    },
    frameBytesMax: frameBytesMax(settings),
    isLocal: isOnLoopback,
    clock: MACHINE_CLOCK,
    random: Math.random,
    randomBytes,
    isSilent: (peer) => (core().peers.silentMs(peer) ?? Number.POSITIVE_INFINITY) > suspectMs,
    takenAfterMs: suspectMs * TAKEN_AFTER_THRESHOLDS,
    onUp: (peer) => core().onPeerUp(peer),
    onDown: (peer, reason) => {
      logger.debug('link lost', { peer: nameOf(peers[peer]!), reason });
      core().onPeerDown(peer);
      onEnded(peer);
    },
    onHeard: (peer) => core().onHeard(peer),
    onMessage: (peer, message) => core().onMessage(peer, message),
    onRefused: (peer, reason) => logger.warn('peer is refused', { peer: nameOf(peers[peer]!), reason }),
    onStranger: (address, reason) => logger.warn('a stranger is refused', { address, reason }),
  });
}

/** All peers must say for this many suspicion times that another process has this one's number, before it ends. */
const TAKEN_AFTER_THRESHOLDS = 10;

/**
 * Largest frame that a peer may send. A promise carries the queues of all origins, and what is pushed in a turn is held
 * for clients; twice that, since another controller's settings may be larger while they are being changed.
 */
function frameBytesMax({ peers, queueBytesMax, clientBytesMax, itemBytesMax }: Settings): number {
  const payload = Math.max(peers.length * queueBytesMax, clientBytesMax) + itemBytesMax;
  return Math.min(2 * payload, FRAME_BYTES_MAX);
}

const FRAME_BYTES_MAX = 1_073_741_824;
