import type { ControllerId } from '../../base/number-kinds.ts';
import type { Member } from '../../membership/view.ts';

export interface TakeOverPorts {
  readonly node: ControllerId;
  /** The state is partial: an exchange has brought writes, and no view has been accepted since. */
  readonly isBegun: () => boolean;
  /** The members of the view that the peer is in, as the peer says. */
  readonly membersWith: (peer: ControllerId) => readonly Member[];
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly startEmpty: (reason: string) => void;
}

/** A transfer: the last exchange before this controller accepts a view. The donor applies nothing meanwhile. */
interface Transfer {
  readonly from: Member;
  readonly sources: readonly Member[];
  readonly done: () => void;
}

/**
 * Guards how a controller gets the state of the members of a view: by exchanges while it is outside, and by a
 * transfer when a view is about to take it in.
 *
 *  1. Everything that is copied comes from sources in known runs, each of which had all of it.
 *  2. As long as one of these runs goes on, its state follows on from what was copied.
 *  3. When all of them have ended, the state that they have recovered may be less. What was copied is then part of no
 *     history, and this controller has to start empty.
 */
export class TakeOver {
  readonly #ports: TakeOverPorts;
  #sources: readonly Member[] = [];
  #transfer: Transfer | null = null;

  constructor(ports: TakeOverPorts) {
    this.#ports = ports;
  }

  /**
   * Begins a transfer. The caller begins an exchange with the donor, and begins it again for as long as there is a
   * donor.
   */
  begin(from: Member, sources: readonly Member[], done: () => void): void {
    this.#transfer = { from, sources, done };
  }

  /** The member that is being copied from; null when there is none. */
  get donor(): ControllerId | null {
    return this.#transfer?.from.node ?? null;
  }

  /** Gives up the transfer that is under way. */
  end(): void {
    this.#transfer = null;
  }

  /** @returns false when the peer's state does not follow on from what was copied before: then this run is over */
  mayTake(peer: ControllerId): boolean {
    const { node, isBegun, membersWith, startEmpty } = this.#ports;
    const transfer = this.#transfer;
    const sources = transfer?.from.node === peer ? transfer.sources : membersWith(peer);
    const others = sources.filter((source) => source.node !== node);
    const follows = (member: Member) =>
      this.#sources.some(
        (source) => source.node === member.node && source.incarnation === member.incarnation,
      );
    if (isBegun() && !others.some(follows)) {
      startEmpty('those whose state this controller was taking over have lost some of it');
      return false;
    }
    this.#sources = others;
    return true;
  }

  onExchanged(peer: ControllerId): void {
    const transfer = this.#transfer;
    if (transfer?.from.node !== peer) return;
    // Another run of the donor may have lost its state: that is not the state to continue.
    if (transfer.from.incarnation !== this.#ports.incarnationOf(peer)) return;
    this.#transfer = null;
    transfer.done();
  }
}
