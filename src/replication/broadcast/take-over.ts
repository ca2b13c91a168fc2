import type { ControllerId } from '../../base/number-kinds.ts';
import type { Member } from '../../membership/view.ts';

export interface TakeOverPorts {
  readonly node: ControllerId;
  /** Something has been taken over, and no view has been accepted since. */
  readonly isBegun: () => boolean;
  /** Members of the view that the peer is in, as far as it has said so. */
  readonly membersWith: (peer: ControllerId) => readonly Member[];
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly startEmpty: (reason: string) => void;
}

/** The last part of a state, for a view to come: its base stands still meanwhile. */
interface Transfer {
  readonly from: Member;
  readonly holders: readonly Member[];
  readonly done: () => void;
}

/**
 * How a controller gets the state of the members of a view, at an ordered level: by exchanges while it is outside, and by
 * a transfer when a view is about to take it in.
 *
 * What is taken over comes from those who held it, in the runs that they were in, and each of them had all of it. So as
 * long as one of them goes on, what it has follows on that. When all of them have died, what they have recovered may be
 * less: what was taken over is no part of any history then, and this controller has to start anew.
 */
export class TakeOver {
  readonly #ports: TakeOverPorts;
  #holders: readonly Member[] = [];
  #transfer: Transfer | null = null;

  constructor(ports: TakeOverPorts) {
    this.#ports = ports;
  }

  /** An exchange with the member is to be begun, and to be begun again for as long as the member is the donor. */
  begin(from: Member, holders: readonly Member[], done: () => void): void {
    this.#transfer = { from, holders, done };
  }

  /** The member whose state is being copied for a view to come; null when there is none. */
  get donor(): ControllerId | null {
    return this.#transfer?.from.node ?? null;
  }

  /** Gives up the transfer that is under way. */
  end(): void {
    this.#transfer = null;
  }

  /** @returns false when what the peer has does not follow on what was taken over: this run is over then */
  mayTake(peer: ControllerId): boolean {
    const { node, isBegun, membersWith, startEmpty } = this.#ports;
    const transfer = this.#transfer;
    const holders = transfer?.from.node === peer ? transfer.holders : membersWith(peer);
    const others = holders.filter((holder) => holder.node !== node);
    const follows = (member: Member) =>
      this.#holders.some(
        (holder) => holder.node === member.node && holder.incarnation === member.incarnation,
      );
    if (isBegun() && !others.some(follows)) {
      startEmpty('those whose state this controller was taking over have lost some of it');
      return false;
    }
    this.#holders = others;
    return true;
  }

  onExchanged(peer: ControllerId): void {
    const transfer = this.#transfer;
    if (transfer?.from.node !== peer) return;
    // A run of it that has lost its memory knows nothing, and would say so: that is not the state to go on from.
    if (transfer.from.incarnation !== this.#ports.incarnationOf(peer)) return;
    this.#transfer = null;
    transfer.done();
  }
}
