import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Connection, NetworkAddress, Transport } from '../base/transport.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { PeerMessage } from './messages.ts';

/** What a mesh is given: who it is, who the others are, and the world around it. */
export interface MeshPorts {
  readonly node: number;
  readonly incarnation: number;
  readonly transport: Transport;
  readonly addresses: readonly NetworkAddress[];
  readonly identity: ClusterIdentity;
  /** What every controller of the cluster has, and nobody else; null: peers are taken from loopback only. */
  readonly secret: Buffer | null;
  /** The group that holds the data at this level: peers of version 2 name no group. */
  readonly dataGroup: number;
  /** Largest frame that a peer may send, in bytes. */
  readonly frameBytesMax: number;
  /** Both ends of the connection are on this machine. */
  readonly isLocal: (connection: Connection) => boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: Random;
  readonly randomBytes: (count: number) => Buffer;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** For how long all peers must say that another process has this one's number before that counts, in milliseconds. */
  readonly idTakenAfterMs: number;
  /** A peer was turned away, or turned this controller away; told at intervals only. */
  readonly onRefused: (peer: number, reason: string) => void;
  /** Somebody was turned away who gave no number of a peer. @param address of the other end */
  readonly onUnknownRefused: (address: string, reason: string) => void;
  /** Another process is connected to the peers under this one's number. */
  readonly onIdTaken: (reason: string) => void;
}

/** What an open mesh tells, and asks. */
export interface MeshEvents {
  /** The peer has not been heard for so long that it counts as down. */
  readonly isSilent: (peer: number) => boolean;
  readonly onUp: (peer: number) => void;
  readonly onDown: (peer: number, reason: string) => void;
  readonly onHeard: (peer: number) => void;
  readonly onMessage: (peer: number, group: number, message: PeerMessage) => void;
}

/** A mesh that is not open has no links, and nothing to tell. */
export const NO_EVENTS: MeshEvents = {
  isSilent: () => true,
  onUp: ignore,
  onDown: ignore,
  onHeard: ignore,
  onMessage: ignore,
};

function ignore(): void {}
