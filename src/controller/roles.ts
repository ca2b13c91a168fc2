import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';

export interface RolesPorts {
  readonly peers: Peers;
  /** Gives null while no keyspace is ordered. */
  readonly views: () => Membership | null;
  /** This controller knew a moment ago all but little of what its peers know. */
  readonly isCaughtUp: () => boolean;
  /** The peer has said the same of itself. */
  readonly isCaughtUpAt: (peer: ControllerId) => boolean;
  /** Why this controller's journal takes no writes; empty when it does. */
  readonly journalTrouble: () => string;
}

/** The role of each controller, as `show` tells it. No two controllers contradict each other. */
export class Roles {
  readonly #ports: RolesPorts;

  constructor(ports: RolesPorts) {
    this.#ports = ports;
  }

  /** The role of this controller. If its lease has run out, it cannot know whether its view still holds. */
  get own(): string {
    const { isCaughtUp, journalTrouble } = this.#ports;
    const views = this.#ports.views();
    const failing = journalTrouble();
    if (failing !== '') return `takes no writes: ${failing}`;
    if (views === null) return isCaughtUp() ? 'member' : 'joining';
    const { view, leaseLeftMs, isOutside } = views;
    if (view !== null) return leaseLeftMs > 0 ? 'member' : 'cut off';
    return isOutside ? 'joining' : 'waiting';
  }

  /** The role of a peer that is up. The peer itself says which view it serves in. */
  of(peer: ControllerId): string {
    const { peers } = this.#ports;
    const views = this.#ports.views();
    const failing = peers.heartbeat(peer)?.journalTrouble ?? '';
    if (failing !== '') return `takes no writes: ${failing}`;
    if (this.isMember(peer)) return 'member';
    if (views === null) return 'joining';
    const { view, servingPeers } = views;
    if (servingPeers.includes(peer)) return 'member';
    return view !== null || servingPeers.length > 0 ? 'joining' : 'waiting';
  }

  /** The peer takes part: it is up and, as far as is known here, it serves. */
  isMember(peer: ControllerId): boolean {
    const { isCaughtUpAt } = this.#ports;
    const views = this.#ports.views();
    return views === null ? isCaughtUpAt(peer) : views.isInView(peer);
  }

  /** This controller and the peer are members of the view: each gets the writes of the other without exchanges. */
  isInStep(peer: ControllerId): boolean {
    const { peers } = this.#ports;
    const views = this.#ports.views();
    return views !== null && this.own === 'member' && peers.isUp(peer) && this.isMember(peer);
  }
}
