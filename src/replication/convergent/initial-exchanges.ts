import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';

export interface InitialExchangesPorts {
  readonly peers: readonly ControllerId[];
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
  readonly #startedMs: MonotonicMs;
  readonly #syncedWith = new Set<number>();
  #done = false;

  constructor(ports: InitialExchangesPorts) {
    this.#ports = ports;
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
    return this.#ports.peers.every((peer) => this.#syncedWith.has(peer));
  }

  onExchanged(peer: ControllerId): void {
    this.#syncedWith.add(peer);
  }

  /** To be called now and then. @returns true when it is done from now on */
  onTick(): boolean {
    if (this.#done) return false;
    const { peers, isReachable, clock, graceMs } = this.#ports;
    const waited = clock.nowMs() - this.#startedMs >= graceMs;
    // mutant: caught-up-with-one
    this.#done = peers.every((peer) => this.#syncedWith.has(peer) || (waited && !isReachable(peer)));
    return this.#done;
  }
}
