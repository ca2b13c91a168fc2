import type { ControllerId } from '../base/number-kinds.ts';
import type { PeerParts } from './peer-parts.ts';
import type { Peers } from './peers.ts';

export interface JoinBlockerPorts {
  readonly node: ControllerId;
  readonly peers: Peers;
  readonly parts: PeerParts;
  /**
   * A peer that has been up for so long has had the time to hear this controller steadily, and to say so, in
   * milliseconds.
   */
  readonly heardWithinMs: number;
}

/** Finds out in each tick what keeps the members of a view from taking this controller in. */
export class JoinBlocker {
  readonly #ports: JoinBlockerPorts;
  #reason = '';

  constructor(ports: JoinBlockerPorts) {
    this.#ports = ports;
  }

  /** Human-readable; empty when nothing blocks: then the members are about to take this controller in. */
  get reason(): string {
    return this.#reason;
  }

  /** @param serving peers that serve in a view without this controller @returns true when the reason has changed */
  onTick(serving: readonly ControllerId[]): boolean {
    const before = this.#reason;
    this.#reason = this.#find(serving);
    return this.#reason !== before;
  }

  /** The peer says that it hears this controller. */
  isHeardBy(peer: ControllerId): boolean {
    const { node, peers } = this.#ports;
    return peers.isUp(peer) && peers.heartbeat(peer)?.hears.includes(node) === true;
  }

  #find(serving: readonly ControllerId[]): string {
    if (serving.length === 0) return '';
    const { node, peers, parts, heardWithinMs } = this.#ports;
    for (const member of this.#membersWith(serving)) {
      if (member === node) continue;
      const name = peers.nameOf(member);
      if (!peers.isUp(member)) return `it does not hear ${name}, which is a member`;
      if (!this.isHeardBy(member) && peers.upForMs(member) > heardWithinMs)
        return `${name}, which is a member, does not hear it`;
    }
    const doubting = serving.find((peer) => parts.of(peer)?.onProbation.includes(node));
    if (doubting === undefined || peers.upForMs(doubting) <= heardWithinMs) return '';
    return `it was left out again and again, or is slow: ${peers.nameOf(doubting)} takes it back when it keeps up`;
  }

  /** The members of the view in which these peers serve, as the peers say. */
  #membersWith(serving: readonly ControllerId[]): ReadonlySet<number> {
    const { parts } = this.#ports;
    return new Set(serving.flatMap((peer) => parts.membersAt(peer).map(({ node }) => node)));
  }
}
