import type { Clock } from '../base/clock.ts';
import type { Peers } from './peers.ts';
import { quorum } from './view.ts';

export interface AbsentPeersPorts {
  readonly peers: Peers;
  readonly clock: Clock;
  /** Silence beyond this is absence. */
  readonly horizonMs: number;
}

/**
 * Which peers were silent for so long that nobody waits for them any more. Only silence counts that lasted while a majority
 * of the controllers was there: who hears hardly anybody is cut off itself.
 */
export class AbsentPeers {
  readonly #ports: AbsentPeersPorts;
  #majoritySinceMs: number | null = null;

  constructor(ports: AbsentPeersPorts) {
    this.#ports = ports;
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { peers, clock } = this.#ports;
    const nodes = peers.ids.length + 1;
    if (nodes - peers.silent.length < quorum(nodes)) this.#majoritySinceMs = null;
    else this.#majoritySinceMs ??= clock.nowMs();
  }

  isAbsent(peer: number): boolean {
    const { peers, clock, horizonMs } = this.#ports;
    if (this.#majoritySinceMs === null) return false;
    const majorityForMs = clock.nowMs() - this.#majoritySinceMs;
    return Math.min(majorityForMs, peers.silentMs(peer) ?? majorityForMs) > horizonMs;
  }
}
