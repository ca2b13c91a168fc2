import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
import { isVoter } from '../placement/configuration.ts';

/** The role of a controller that no longer votes, up or down. */
export const DOES_NOT_VOTE = 'does not vote';

export interface RolesPorts {
  readonly node: ControllerId;
  readonly peers: Peers;
  /** Gives those of all groups with ordered keyspaces in which the controller has a part, and this one as well. */
  readonly viewsWith: (node: ControllerId) => readonly Membership[];
  /** This controller knew a moment ago all but little of what its peers know. */
  readonly isCaughtUp: () => boolean;
  /** The peer has said the same of itself. */
  readonly isCaughtUpAt: (peer: ControllerId) => boolean;
  /** Why this controller's journal takes no writes; empty when it does. */
  readonly journalTrouble: () => string;
}

/**
 * The role of each controller, as `show` tells it. No two controllers contradict each other. With several ordered
 * groups a controller is a member if it is one of each.
 */
export class Roles {
  readonly #ports: RolesPorts;

  constructor(ports: RolesPorts) {
    this.#ports = ports;
  }

  /** The role of this controller. If its lease has run out, it cannot know whether its view still holds. */
  get own(): string {
    const { isCaughtUp, journalTrouble } = this.#ports;
    const views = this.#ports.viewsWith(this.#ports.node);
    const failing = journalTrouble();
    if (failing !== '') return `takes no writes: ${failing}`;
    if (views.length === 0) return isCaughtUp() ? 'member' : 'joining';
    if (!views.every((one) => one.isVoting())) return DOES_NOT_VOTE;
    const lacking = views.find(({ view }) => view === null);
    if (lacking !== undefined) return lacking.isOutside ? 'joining' : 'waiting';
    return views.every(({ leaseLeftMs }) => leaseLeftMs > 0) ? 'member' : 'cut off';
  }

  /** The role of a peer that is up. The peer itself says which view it serves in. */
  of(peer: ControllerId): string {
    const { peers } = this.#ports;
    const views = this.#ports.viewsWith(peer);
    const failing = peers.heartbeat(peer)?.journalTrouble ?? '';
    if (!this.votes(peer)) return DOES_NOT_VOTE;
    if (failing !== '') return `takes no writes: ${failing}`;
    if (this.isMember(peer)) return 'member';
    if (views.length === 0) return 'joining';
    const lacking = views.filter((one) => !one.isInView(peer) && !one.servingPeers.includes(peer));
    if (lacking.length === 0) return 'member';
    const { view, servingPeers } = lacking[0]!;
    return view !== null || servingPeers.length > 0 ? 'joining' : 'waiting';
  }

  /** The controller counts for majorities, as far as is known here. */
  votes(node: ControllerId): boolean {
    return this.#ports.viewsWith(node).every(({ configuration }) => isVoter(configuration, node));
  }

  /** The peer takes part: it is up and, as far as is known here, it serves. */
  isMember(peer: ControllerId): boolean {
    const { isCaughtUpAt } = this.#ports;
    const views = this.#ports.viewsWith(peer);
    return views.length === 0 ? isCaughtUpAt(peer) : views.every((one) => one.isInView(peer));
  }

  /** This controller and the peer are members of the view: each gets the writes of the other without exchanges. */
  isInStep(peer: ControllerId): boolean {
    const { peers } = this.#ports;
    const views = this.#ports.viewsWith(peer);
    return views.length > 0 && this.own === 'member' && peers.isUp(peer) && this.isMember(peer);
  }
}
