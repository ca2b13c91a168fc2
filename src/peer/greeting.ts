import { type Belonging, refusalOf } from './handshake.ts';
import type { Hello, PeerMessage } from './messages.ts';
import {
  isProof,
  type LinkKeys,
  linkKeysOf,
  NONCE_BYTES,
  otherSide,
  proofOf,
  type Side,
  transcriptOf,
} from './secret-proof.ts';

/** What a greeting needs, and what it leads to. Every end of it is called once, and nothing after it. */
export interface GreetingPorts {
  readonly side: Side;
  readonly own: Hello;
  /** Null: none; then `isLocal` decides. */
  readonly secret: Buffer | null;
  readonly belonging: Belonging;
  /** Both ends of the connection are on this machine. */
  readonly isLocal: boolean;
  /** Why a peer that has proved itself can't be at the other end of this connection; null when it can. */
  readonly misplaced: (hello: Hello) => Refused | null;
  readonly send: (message: PeerMessage) => void;
  /** Everything that was sent so far leaves as it is; all that follows, in both directions, is tagged. */
  readonly protect: (keys: LinkKeys) => void;
  /** Turns the other end away. @param claimed the number that it gives itself; null when it gave none */
  readonly onRefuse: (claimed: number | null, refused: Refused) => void;
  /** The other end turns this one away. @param isProved the other end has the secret */
  readonly onRefused: (claimed: number | null, refused: Refused, isProved: boolean) => void;
  readonly onWelcome: (peer: Hello) => void;
}

export interface Refused {
  readonly reason: string;
  readonly taken: boolean;
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
 * Nothing that a hello says is used before the proof over both hellos is right, but for what decides whether a proof is
 * possible at all: whether there is a secret.
 */
export class Greeting {
  readonly #ports: GreetingPorts;
  #peer: Hello | null = null;
  #transcript: Buffer | null = null;
  #isProved = false;

  constructor(ports: GreetingPorts) {
    this.#ports = ports;
    if (ports.side === 'caller') ports.send(ports.own);
  }

  onMessage(message: PeerMessage): void {
    const { side } = this.#ports;
    if (message.type === 'refusal') return this.#onRefusal(message);
    if (message.type === 'hello' && this.#peer === null) return this.#onHello(message);
    const isProofDue = this.#transcript !== null && !this.#isProved;
    if (message.type === 'proof' && isProofDue) return this.#onProof(message.mac, message.refusal);
    const isWelcomeDue = side === 'caller' && this.#isProved;
    if (message.type === 'welcome' && isWelcomeDue) return this.#ports.onWelcome(this.#peer!);
    this.#refuse(`a ${message.type} does not belong into a handshake here`);
  }

  #onHello(hello: Hello): void {
    this.#peer = hello;
    const { side, own, secret } = this.#ports;
    const refusal = this.#unprovable(hello);
    if (refusal !== null) return this.#refuse(refusal);
    if (side === 'caller') {
      this.#transcript = transcriptOf(own, hello);
      return;
    }
    this.#transcript = transcriptOf(hello, own);
    this.#ports.send(own);
    this.#ports.send({ type: 'proof', mac: proofOf(secret, this.#transcript, 'called', ''), refusal: '' });
  }

  /** @returns why the two can't prove anything to each other; null when they can */
  #unprovable({ nonce, hasSecret }: Hello): string | null {
    const { secret, isLocal } = this.#ports;
    if (nonce.length !== NONCE_BYTES) return `a nonce of ${nonce.length} bytes is none`;
    if (hasSecret && secret === null) return 'it has a cluster secret, and this controller has none';
    if (!hasSecret && secret !== null) return 'it has no cluster secret, and this controller has one';
    return secret !== null || isLocal ? null : 'without a cluster secret, peers are taken from loopback only';
  }

  #onProof(mac: Buffer, refusal: string): void {
    const { side, secret, belonging, misplaced } = this.#ports;
    const expected = proofOf(secret, this.#transcript!, otherSide(side), refusal);
    if (!isProof(mac, expected)) return this.#refuse(WRONG_SECRET);
    this.#isProved = true;
    const peer = this.#peer!;
    const unfit = refusalOf(peer, belonging);
    const own = unfit === null ? misplaced(peer) : { reason: unfit, taken: false };
    if (side === 'caller') {
      const said = own?.reason ?? '';
      this.#ports.send({
        type: 'proof',
        mac: proofOf(secret, this.#transcript!, 'caller', said),
        refusal: said,
      });
    }
    this.#protect();
    // Each side tells in its own words what it finds wrong.
    if (refusal !== '') {
      return this.#ports.onRefused(peer.node, own ?? { reason: refusal, taken: false }, true);
    }
    if (own !== null) return this.#ports.onRefuse(peer.node, own);
    if (side === 'caller') return;
    this.#ports.send({ type: 'welcome' });
    this.#ports.onWelcome(peer);
  }

  #protect(): void {
    const { side, secret, own, protect } = this.#ports;
    protect(linkKeysOf(secret, this.#transcript!, side, own.onNetwork || this.#peer!.onNetwork));
  }

  #onRefusal({ reason, taken }: Refused): void {
    this.#ports.onRefused(this.#peer?.node ?? null, { reason, taken }, this.#isProved);
  }

  #refuse(reason: string): void {
    this.#ports.onRefuse(this.#peer?.node ?? null, { reason, taken: false });
  }
}

const WRONG_SECRET = 'it does not have the same cluster secret';
