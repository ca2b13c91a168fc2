import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { Peers } from '../../membership/peers.ts';

export interface InitialExchangesPorts {
  readonly peers: Pick<Peers, 'ids'>;
  /** The peer can be asked now, or perhaps in a moment. */
  readonly isReachable: (peer: ControllerId) => boolean;
  readonly clock: Clock;
  /** How long unreachable peers are waited for, in milliseconds. */
  readonly graceMs: number;
}

/**
 * The exchanges that a convergent controller completes before it serves: one with every peer, so that it has what the
 * peers had when it started. A peer that cannot be reached for a while after the start is not waited for.
 */
export class InitialExchanges {
  readonly #ports: InitialExchangesPorts;
  readonly #atStart: readonly ControllerId[];
  readonly #startedMs: MonotonicMs;
  readonly #syncedWith = new Set<number>();
  #done = false;

  constructor(ports: InitialExchangesPorts) {
    this.#ports = ports;
    this.#atStart = ports.peers.ids;
    this.#startedMs = ports.clock.nowMs();
  }

  /** Once true, it stays true: later writes come by pushes and further exchanges. */
  get done(): boolean {
    return this.#done;
  }

  /** An exchange with some peer has been completed since the start. */
  get begun(): boolean {
    return this.#syncedWith.size > 0;
  }

  /** An exchange with every peer has been completed since the start. */
  get complete(): boolean {
    return this.#peers.every((peer) => this.#syncedWith.has(peer));
  }

  /** The peers of the start. One that was dropped since can not be asked, and nothing is kept for it. */
  get #peers(): readonly ControllerId[] {
    const { ids } = this.#ports.peers;
    return ids === this.#atStart ? ids : this.#atStart.filter((peer) => ids.includes(peer));
  }

  onExchanged(peer: ControllerId): void {
    this.#syncedWith.add(peer);
  }

  /** To be called now and then. @returns true when it is done from now on */
  onTick(): boolean {
    if (this.#done) return false;
    const { isReachable, clock, graceMs } = this.#ports;
    const waited = clock.nowMs() - this.#startedMs >= graceMs;
    // mutant: caught-up-with-one
    this.#done = this.#peers.every((peer) => this.#syncedWith.has(peer) || (waited && !isReachable(peer)));
    return this.#done;
  }
}
