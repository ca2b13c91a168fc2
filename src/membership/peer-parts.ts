import type { ControllerId } from '../base/number-kinds.ts';
import type { AcceptorState, ViewPart } from './messages.ts';
import type { Peers } from './peers.ts';
import type { Member } from './view.ts';

/** What the peers have said last of their parts in the views of one group. */
export class PeerParts {
  readonly #peers: Peers;
  readonly #parts = new Map<ControllerId, ViewPart>();

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  /** What the peer has said last on the present connection; undefined while it has said nothing. */
  of(peer: ControllerId): ViewPart | undefined {
    return this.#parts.get(peer);
  }

  /** Peers that are up, whose journal takes no writes, and that have kept requests of the group waiting for long. */
  get stalling(): readonly ControllerId[] {
    return this.#peers.withJournalTrouble.filter((peer) => this.of(peer)?.isStalling === true);
  }

  /** What each peer that is heard has promised and accepted. */
  get acceptors(): readonly (readonly [ControllerId, AcceptorState])[] {
    const heard = [...this.#parts].filter(([peer]) => this.#peers.isHeard(peer));
    return heard.map(([peer, { acceptor }]) => [peer, acceptor]);
  }

  /** The members of the view that the peer has accepted last, as it says. */
  membersAt(peer: ControllerId): readonly Member[] {
    return this.of(peer)?.acceptor.members ?? [];
  }

  onPart(from: ControllerId, part: ViewPart): void {
    this.#parts.set(from, part);
  }

  /** The connection to the peer is gone. */
  onPeerDown(peer: ControllerId): void {
    this.#parts.delete(peer);
  }
}
