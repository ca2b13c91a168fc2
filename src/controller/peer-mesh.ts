import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Transport } from '../base/transport.ts';
import { isOnLoopback } from '../peer/loopback.ts';
import { Mesh } from '../peer/mesh.ts';
import type { MeshEvents } from '../peer/mesh-ports.ts';
import { VERSIONS } from '../peer/preface.ts';
import type { PresenceProbe } from '../peer/presence-probe.ts';
import { VOTERS_MAX } from '../placement/configuration.ts';
import type { ControllerParts } from './controller-parts.ts';
import type { Core } from './core.ts';
import { groupsWithEntries } from './group-plan.ts';
import type { Logger } from './log/logger.ts';
import { configuredOf, nameOf, type Settings } from './settings.ts';

export interface PeerMeshPorts {
  readonly settings: Settings;
  readonly secret: Buffer | null;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly logger: Logger;
  readonly requestFlush: () => void;
  readonly onIdTaken: (reason: string) => void;
  /** Made after the mesh. It has the placement and the names of the controllers, as they are now. */
  readonly core: () => Core;
}

/** Makes the mesh of a controller with these settings. The mesh logs which connections it refuses. */
export function createMesh(ports: PeerMeshPorts): Mesh {
  const { settings, secret, incarnation, clock, transport, logger, requestFlush, onIdTaken } = ports;
  const { cluster, self, peers } = settings;
  const configured = configuredOf(settings);
  // These never change: they are the name of the cluster, as it was formed.
  const founders = peers.map(nameOf).join(',');
  return new Mesh({
    node: self,
    incarnation,
    transport,
    versions: VERSIONS,
    controllers: configured.controllers,
    dataGroup: groupsWithEntries(settings)[0]!.number,
    identity: () => ({ cluster, placement: ports.core().placementOnLink, peers: founders, node: self }),
    secret,
    frameBytesMax: frameBytesMax(settings),
    isLocal: isOnLoopback,
    isPassing: (peer) => ports.core().passing.has(peer),
    clock,
    random: Math.random,
    randomBytes,
    requestFlush,
    idTakenAfterMs: suspectMsOf(settings) * ID_TAKEN_AFTER_THRESHOLDS,
    onIdTaken,
    onRefused: (peer, reason) =>
      logger.warn('peer is refused', { peer: ports.core().peers.nameOf(peer), reason }),
    onUnknownRefused: (address, reason) => logger.warn('a stranger is refused', { address, reason }),
  });
}

/**
 * The events of the mesh: most of them go to the core; when a link has ended, the probe looks whether the
 * peer is gone.
 */
export function meshEvents(parts: ControllerParts, logger: Logger, probe: PresenceProbe): MeshEvents {
  const { core, settings } = parts;
  const suspectMs = suspectMsOf(settings);
  return {
    isSilent: (peer) => (core.peers.silentMs(peer) ?? Number.POSITIVE_INFINITY) > suspectMs,
    onUp: (peer) => core.onPeerUp(peer),
    onDown: (peer, reason) => {
      logger.debug('link lost', { peer: core.peers.nameOf(peer), reason });
      core.onPeerDown(peer);
      probe.look(peer);
    },
    onAskerUp: (peer) => core.passing.onAskerUp(peer),
    onAskerDown: (peer) => core.passing.onAskerDown(peer),
    onHeard: (peer) => core.onHeard(peer),
    onMessage: (peer, group, message) => core.onMessage(peer, group, message),
  };
}

function suspectMsOf({ heartbeatMs, threshold }: Settings): number {
  return heartbeatMs * threshold;
}

/**
 * A controller ends when all peers have said for this many suspicion times that another process has its id.
 */
const ID_TAKEN_AFTER_THRESHOLDS = 10;

/**
 * The largest frame that a peer may send, in bytes. A promise carries the queues of all controllers that vote, and a
 * push carries what clients have sent in one turn. The bound is twice that, because another controller may have
 * larger settings while they are being changed.
 */
function frameBytesMax({ queueBytesMax, clientBytesMax, itemBytesMax }: Settings): number {
  const payload = Math.max(VOTERS_MAX * queueBytesMax, clientBytesMax) + itemBytesMax;
  return Math.min(2 * payload, FRAME_BYTES_MAX);
}

const FRAME_BYTES_MAX = 1_073_741_824;
