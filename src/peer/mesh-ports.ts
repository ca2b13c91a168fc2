import type { Clock } from '../base/clock.ts';
import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { Connection, Transport } from '../base/transport.ts';
import type { ConfiguredController } from '../placement/configuration.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { PeerMessage } from './messages.ts';
import type { VersionRange } from './preface.ts';

/** What a mesh needs: its own identity, the addresses of the peers, and the world around it. */
export interface MeshPorts {
  readonly node: ControllerId;
  readonly incarnation: number;
  readonly transport: Transport;
  /** The versions of the peer protocol that this end speaks. */
  readonly versions: VersionRange;
  /** The controllers of the cluster at the start. This one may be among them. */
  readonly controllers: readonly ConfiguredController[];
  /** As it is now: the level may change. */
  readonly identity: () => ClusterIdentity;
  /** The cluster's secret. Without one, which is null, peers are accepted from loopback only. */
  readonly secret: Buffer | null;
  /** The only group with entries. Peers of version 2 of the protocol do not name it, and know no keyspaces. */
  readonly dataGroup: GroupNumber;
  /** Largest frame that a peer may send, in bytes. */
  readonly frameBytesMax: number;
  /** Both ends of the connection are on this machine. */
  readonly isLocal: (connection: Connection) => boolean;
  /** Links to the peer are made when there are requests for it. Asked only while the mesh is open. */
  readonly isPassing: (peer: ControllerId) => boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: Random;
  readonly randomBytes: (count: number) => Buffer;
  /** Arranges that `flush` is called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** `onIdTaken` is called once all peers have said for this long that another process has this id, in milliseconds. */
  readonly idTakenAfterMs: number;
  /** This controller refused a peer, or the peer refused it. Called at most once a second for each peer. */
  readonly onRefused: (peer: ControllerId, reason: string) => void;
  /** This controller refused a caller that gave no id of a peer. @param address of the other end */
  readonly onUnknownRefused: (address: string, reason: string) => void;
  /** Another process is connected to the peers under this controller's id. */
  readonly onIdTaken: (reason: string) => void;
}

/** What an open mesh reports, and what it asks. */
export interface MeshEvents {
  /** The peer has not been heard for so long that it counts as down. */
  readonly isSilent: (peer: ControllerId) => boolean;
  readonly onUp: (peer: ControllerId) => void;
  readonly onDown: (peer: ControllerId, reason: string) => void;
  /** A passing peer can send requests to this controller. */
  readonly onAskerUp: (peer: ControllerId) => void;
  readonly onAskerDown: (peer: ControllerId) => void;
  readonly onHeard: (peer: ControllerId) => void;
  readonly onMessage: (peer: ControllerId, group: GroupNumber, message: PeerMessage) => void;
}

/** For a mesh that is not open yet: it has no links, so there is nothing to report. */
export const NO_EVENTS: MeshEvents = {
  isSilent: () => true,
  onUp: ignore,
  onDown: ignore,
  onAskerUp: ignore,
  onAskerDown: ignore,
  onHeard: ignore,
  onMessage: ignore,
};

function ignore(): void {}
