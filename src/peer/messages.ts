import type { ControllerId } from '../base/number-kinds.ts';
import type { GoesBy, Heartbeat, Retired } from '../membership/messages.ts';
import type { Moving } from '../placement/moving.ts';
import type { HopMessage } from '../replication/hop/messages.ts';
import type { GroupMessage } from '../replication/messages.ts';
import type { RangeMessage } from '../replication/range-messages.ts';

/**
 * The first message of both ends of a link: which controller the sender is, and what two peers must have in common. The
 * receiver believes none of it before the sender has proved that it has the cluster's secret.
 */
export interface Hello {
  readonly type: 'hello';
  readonly cluster: string;
  readonly node: ControllerId;
  readonly incarnation: number;
  /** See `placementText`: the level alone, where there are no keyspaces. */
  readonly placement: string;
  /**
   * The addresses of all controllers, in the order of their ids, so that both ends mean the same controllers by them.
   */
  readonly peers: string;
  /** Random, for this connection alone, so that no proof fits two connections. */
  readonly nonce: Buffer;
  /** The sender has a cluster secret, and accepts no peer without it. */
  readonly hasSecret: boolean;
  /** The connection leaves the machine, as far as the sender can tell. */
  readonly onNetwork: boolean;
}

/** Shows that the sender has the secret, and means this connection: see `proofOf`. */
export interface Proof {
  readonly type: 'proof';
  readonly mac: Buffer;
  /** Why the caller refuses the called end, whose hello it has read; empty when it does not. */
  readonly refusal: string;
}

/** The last message of a handshake, from the called end: both ends may send any message now. */
export interface Welcome {
  readonly type: 'welcome';
}

/** The sender does not accept the other end as a peer; the link ends. */
export interface Refusal {
  readonly type: 'refusal';
  readonly reason: string;
  /** Another process is connected under the id of the refused controller. */
  readonly idTaken: boolean;
}

/** The messages of a handshake. They concern one link, and no group. */
export type HandshakeMessage = Hello | Proof | Welcome | Refusal;

/** Every message that controllers send each other. Each is declared beside the part that sends it. */
export type PeerMessage =
  | HandshakeMessage
  | Heartbeat
  | Retired
  | GoesBy
  | Moving
  | RangeMessage
  | HopMessage
  | GroupMessage;

/** The mesh handles a message of the handshake itself; `MessageChecks` refuses one that comes later. */
export function isHandshake(message: PeerMessage): message is HandshakeMessage {
  return (
    message.type === 'hello' ||
    message.type === 'proof' ||
    message.type === 'welcome' ||
    message.type === 'refusal'
  );
}

/** To a passing peer, these go over the link on which it sends requests. */
export function isForAsker({ type }: PeerMessage): boolean {
  return type === 'answer' || type === 'answer-session' || type === 'heartbeat';
}

/** Older releases do not know the message. */
export function isOfPlacements({ type }: PeerMessage): boolean {
  return OF_PLACEMENTS.has(type);
}

const OF_PLACEMENTS: ReadonlySet<PeerMessage['type']> = new Set<PeerMessage['type']>([
  'placed',
  'configured',
  'configuration',
  'installed',
  'goes-by',
  'retired',
  'moving',
]);
