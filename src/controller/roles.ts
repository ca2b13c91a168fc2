import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';

export interface RolesPorts {
  readonly peers: Peers;
  /** Null at a level that goes by no views. */
  readonly views: Membership | null;
  /** This controller knows what its peers knew a moment ago. */
  readonly isCaughtUp: () => boolean;
  /** Why this controller's journal takes no writes; empty when it does. */
  readonly journalTrouble: () => string;
}

/** Which part each controller takes in the cluster, for people, and so that no other one would deny it. */
export class Roles {
  readonly #ports: RolesPorts;

  constructor(ports: RolesPorts) {
    this.#ports = ports;
  }

  /** Of this controller. One whose lease has run out can't know whether its view is over. */
  get own(): string {
    const { views, isCaughtUp, journalTrouble } = this.#ports;
    const failing = journalTrouble();
    if (failing !== '') return `takes no writes: ${failing}`;
    if (views === null) return isCaughtUp() ? 'member' : 'joining';
    const { view, leaseLeftMs, isOutside } = views;
    if (view !== null) return leaseLeftMs > 0 ? 'member' : 'cut off';
    return isOutside ? 'joining' : 'waiting';
  }

  /** Of a peer that is up. Which view it serves in, it says itself. */
  of(peer: ControllerId): string {
    const { peers, views } = this.#ports;
    const failing = peers.heartbeat(peer)?.journalTrouble ?? '';
    if (failing !== '') return `takes no writes: ${failing}`;
    if (this.isMember(peer)) return 'member';
    if (views === null) return 'joining';
    const { view, servingPeers } = views;
    if (servingPeers.includes(peer)) return 'member';
    return view !== null || servingPeers.length > 0 ? 'joining' : 'waiting';
  }

  /** The peer takes part: it is up, and as far as is known here it serves. */
  isMember(peer: ControllerId): boolean {
    const { peers, views } = this.#ports;
    return views === null ? (peers.heartbeat(peer)?.caughtUp ?? false) : views.isInView(peer);
  }

  /** Both are members of the view: each gets what the other takes in, without exchanges. */
  isInStep(peer: ControllerId): boolean {
    const { peers, views } = this.#ports;
    return views !== null && this.own === 'member' && peers.isUp(peer) && this.isMember(peer);
  }
}
