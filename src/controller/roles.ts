import type { Peers } from '../membership/peers.ts';
import { isMember } from '../membership/view.ts';
import type { OrderedSide } from '../replication/broadcast/ordered-side.ts';

export interface RolesPorts {
  readonly node: number;
  readonly peers: Peers;
  /** Null at a level without views. */
  readonly ordered: OrderedSide | null;
  /** This controller knows what its peers knew a moment ago. */
  readonly isCaughtUp: () => boolean;
  /** Why this controller's journal takes no writes; empty when it does. */
  readonly journalFailure: () => string;
}

/** Which part each controller takes in the cluster, for people, and so that no other one would deny it. */
export class Roles {
  readonly #ports: RolesPorts;

  constructor(ports: RolesPorts) {
    this.#ports = ports;
  }

  /** Of this controller. One whose lease has run out can't know whether its view is over. */
  get own(): string {
    const { ordered, isCaughtUp, journalFailure } = this.#ports;
    const failing = journalFailure();
    if (failing !== '') return `takes no writes: ${failing}`;
    if (ordered === null) return isCaughtUp() ? 'member' : 'joining';
    const { view, leaseLeftMs, isOutside } = ordered.membership;
    if (view !== null) return leaseLeftMs > 0 ? 'member' : 'cut off';
    return isOutside ? 'joining' : 'waiting';
  }

  /** Of a peer that is up. Which view it serves in, it says itself. */
  of(peer: number): string {
    const { peers, ordered } = this.#ports;
    const failing = peers.heartbeat(peer)?.failing ?? '';
    if (failing !== '') return `takes no writes: ${failing}`;
    if (this.isMember(peer)) return 'member';
    if (ordered === null) return 'joining';
    const { view, servingPeers } = ordered.membership;
    if (servingPeers.includes(peer)) return 'member';
    return view !== null || servingPeers.length > 0 ? 'joining' : 'waiting';
  }

  /** The peer takes part: it is up, and as far as is known here it serves. */
  isMember(peer: number): boolean {
    const { peers, ordered } = this.#ports;
    if (ordered === null) return peers.heartbeat(peer)?.caughtUp ?? false;
    const { view } = ordered.membership;
    return view !== null && isMember(view, peer);
  }

  /** The end of an expired entry is proposed by the controller that wrote it or, when that takes no part, by the first member. */
  speaksFor(writer: number): boolean {
    const { node, ordered } = this.#ports;
    if (writer === node) return true;
    return !this.isMember(writer) && ordered?.membership.view?.members[0]?.node === node;
  }

  /** Both are members of the view: each gets what the other takes in, without exchanges. */
  isInStep(peer: number): boolean {
    const { peers, ordered } = this.#ports;
    return ordered !== null && this.own === 'member' && peers.isUp(peer) && this.isMember(peer);
  }
}
