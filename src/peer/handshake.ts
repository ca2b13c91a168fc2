import type { ControllerId } from '../base/number-kinds.ts';
import { type ClusterIdentity, refusalOf } from './cluster-identity.ts';
import type { Hello, PeerMessage, Proof } from './messages.ts';
import {
  isProof,
  type LinkEnd,
  type LinkKeys,
  linkKeysOf,
  NONCE_BYTES,
  otherEnd,
  proofOf,
  transcriptOf,
} from './secret-proof.ts';

/**
 * What a handshake needs, and how it ends: one of `onRefuse`, `onRefused` and `onWelcome` is called, once, as the
 * last.
 */
export interface HandshakePorts {
  readonly end: LinkEnd;
  readonly own: Hello;
  /** The bytes before the first frame that both ends prove the secret over. */
  readonly prefaces: Buffer;
  /** Null when this controller has none. Then `isLocal` decides. */
  readonly secret: Buffer | null;
  /** The version of the peer protocol that both ends speak. */
  readonly version: number;
  readonly identity: ClusterIdentity;
  /** Both ends of the connection are on this machine. */
  readonly isLocal: boolean;
  /** Why a peer that has proved the secret can't be at the other end of this connection; null when it can. */
  readonly whyMisplaced: (hello: Hello) => RefusalReason | null;
  readonly send: (message: PeerMessage) => void;
  /** Every frame after those that were sent so far carries a tag, in both directions. */
  readonly protect: (keys: LinkKeys) => void;
  /** This end refuses the other. @param claimed the id that the other end gives itself; null when it gave none */
  readonly onRefuse: (claimed: ControllerId | null, refused: RefusalReason) => void;
  /** The other end refuses this one. @param isProved the other end has proved the secret */
  readonly onRefused: (claimed: ControllerId | null, refused: RefusalReason, isProved: boolean) => void;
  readonly onWelcome: (peer: Hello) => void;
}

export interface RefusalReason {
  readonly reason: string;
  /** Another process is connected under the id of the refused controller. */
  readonly idTaken: boolean;
}

/**
 * The handshake of one connection, at either end:
 *
 *     caller                                   called
 *       hello (nonce)              ──►
 *                                  ◄──         hello (nonce), proof
 *       proof, perhaps a refusal   ──►
 *                                  ◄── tagged: welcome, or a refusal
 *
 * Until the proof over both hellos is right, only two fields of the other end's hello are used: the nonce, and
 * whether the other end has a secret. They decide whether a proof is possible at all.
 */
export class Handshake {
  readonly #ports: HandshakePorts;
  #phase: Phase = AWAITING_HELLO;

  constructor(ports: HandshakePorts) {
    this.#ports = ports;
    if (ports.end === 'caller') ports.send(ports.own);
  }

  onMessage(message: PeerMessage): void {
    const phase = this.#phase;
    if (phase.is === 'over') return;
    if (message.type === 'refusal') return this.#onRefusal(message);
    if (message.type === 'hello' && phase.is === 'awaiting hello') return this.#onHello(message);
    if (message.type === 'proof' && phase.is === 'awaiting proof') return this.#onProof(message, phase);
    if (message.type === 'welcome' && phase.is === 'awaiting welcome') return this.#becomeWelcome(phase.peer);
    this.#refuse(`a ${message.type} does not belong into a handshake here`);
  }

  #onHello(peer: Hello): void {
    const { end, own, prefaces, secret } = this.#ports;
    const refusal = this.#unprovable(peer);
    if (refusal !== null) return this.#becomeRefusing(peer.node, { reason: refusal, idTaken: false });
    const isCaller = end === 'caller';
    const transcript = isCaller ? transcriptOf(prefaces, own, peer) : transcriptOf(prefaces, peer, own);
    this.#phase = { is: 'awaiting proof', peer, transcript };
    if (isCaller) return;
    this.#ports.send(own);
    this.#ports.send({ type: 'proof', mac: proofOf(secret, transcript, 'called', ''), refusal: '' });
  }

  /** @returns why the two ends can't prove the secret to each other; null when they can */
  #unprovable({ nonce, hasSecret }: Hello): string | null {
    const { secret, isLocal } = this.#ports;
    if (nonce.length !== NONCE_BYTES) return `a nonce of ${nonce.length} bytes is none`;
    if (hasSecret && secret === null) return 'it has a cluster secret, and this controller has none';
    if (!hasSecret && secret !== null) return 'it has no cluster secret, and this controller has one';
    return secret !== null || isLocal ? null : 'without a cluster secret, peers are taken from loopback only';
  }

  #onProof({ mac, refusal }: Proof, { peer, transcript }: AwaitingProof): void {
    const { end, secret, identity, version, whyMisplaced } = this.#ports;
    if (!isProof(mac, proofOf(secret, transcript, otherEnd(end), refusal))) {
      return this.#refuse(WRONG_SECRET);
    }
    const unfit = refusalOf(peer, identity, version);
    const own = unfit === null ? whyMisplaced(peer) : { reason: unfit, idTaken: false };
    if (end === 'caller') this.#prove(transcript, own?.reason ?? '');
    this.#protect(peer, transcript);
    // When both ends find something wrong, each logs what it found itself.
    if (refusal !== '')
      return this.#becomeRefused(peer.node, own ?? { reason: refusal, idTaken: false }, true);
    if (own !== null) return this.#becomeRefusing(peer.node, own);
    if (end === 'caller') {
      this.#phase = { is: 'awaiting welcome', peer };
      return;
    }
    this.#ports.send({ type: 'welcome' });
    this.#becomeWelcome(peer);
  }

  /** Sends the caller's proof. @param refusal why the caller refuses the called end; empty when it does not */
  #prove(transcript: Buffer, refusal: string): void {
    const mac = proofOf(this.#ports.secret, transcript, 'caller', refusal);
    this.#ports.send({ type: 'proof', mac, refusal });
  }

  #protect(peer: Hello, transcript: Buffer): void {
    const { end, secret, own, protect } = this.#ports;
    protect(linkKeysOf(secret, transcript, end, own.onNetwork || peer.onNetwork));
  }

  #onRefusal({ reason, idTaken }: RefusalReason): void {
    const isProved = this.#phase.is === 'awaiting welcome';
    this.#becomeRefused(this.#claimed, { reason, idTaken }, isProved);
  }

  #refuse(reason: string): void {
    this.#becomeRefusing(this.#claimed, { reason, idTaken: false });
  }

  /** The id that the other end gives itself; null while it has given none. */
  get #claimed(): ControllerId | null {
    const phase = this.#phase;
    return 'peer' in phase ? phase.peer.node : null;
  }

  #becomeWelcome(peer: Hello): void {
    this.#phase = OVER;
    this.#ports.onWelcome(peer);
  }

  #becomeRefusing(claimed: ControllerId | null, refused: RefusalReason): void {
    this.#phase = OVER;
    this.#ports.onRefuse(claimed, refused);
  }

  #becomeRefused(claimed: ControllerId | null, refused: RefusalReason, isProved: boolean): void {
    this.#phase = OVER;
    this.#ports.onRefused(claimed, refused, isProved);
  }
}

/** How far the handshake is. Only the caller awaits a welcome; by then both ends have proved the secret. */
type Phase =
  | { readonly is: 'awaiting hello' }
  | AwaitingProof
  | { readonly is: 'awaiting welcome'; readonly peer: Hello }
  | { readonly is: 'over' };

interface AwaitingProof {
  readonly is: 'awaiting proof';
  readonly peer: Hello;
  readonly transcript: Buffer;
}

const AWAITING_HELLO: Phase = { is: 'awaiting hello' };
const OVER: Phase = { is: 'over' };

const WRONG_SECRET = 'it does not have the same cluster secret';
