import type { Heartbeat } from '../membership/messages.ts';
import type { GroupMessage } from '../replication/messages.ts';

/**
 * First on every link, from both ends: which controller this is, and what must be the same for two to be peers. None of
 * it counts before its sender has proved that it has the cluster's secret.
 */
export interface Hello {
  readonly type: 'hello';
  readonly cluster: string;
  readonly node: number;
  readonly incarnation: number;
  readonly level: string;
  /** The configured peers, so that two controllers never disagree on who is who. */
  readonly peers: string;
  /** Random, for this connection alone: no proof fits two connections. */
  readonly nonce: Buffer;
  /** The sender has a cluster secret, and takes no peers without it. */
  readonly hasSecret: boolean;
  /** As the sender sees this connection, it does not stay on one machine. */
  readonly onNetwork: boolean;
}

/** Shows that its sender has the secret and means this connection: `proofOf` both hellos. */
export interface Proof {
  readonly type: 'proof';
  readonly mac: Buffer;
  /** Why the caller, having read the hello of the called, refuses it; empty when it does not. */
  readonly refusal: string;
}

/** The called side's last word of the handshake: both may send anything now. */
export interface Welcome {
  readonly type: 'welcome';
}

/** The sender does not take the other end as a peer; the link ends. */
export interface Refusal {
  readonly type: 'refusal';
  readonly reason: string;
  /** Another process is connected under the number of the one that is refused. */
  readonly taken: boolean;
}

/** Messages of a link's greeting: they concern the link alone. */
export type HandshakeMessage = Hello | Proof | Welcome | Refusal;

/** Every message that controllers send each other. Each is declared beside the part that sends it. */
export type PeerMessage = HandshakeMessage | Heartbeat | GroupMessage;

/** The mesh handles such a message itself. MessageChecks refuses it anywhere else. */
export function isHandshake(message: PeerMessage): message is HandshakeMessage {
  return (
    message.type === 'hello' ||
    message.type === 'proof' ||
    message.type === 'welcome' ||
    message.type === 'refusal'
  );
}
