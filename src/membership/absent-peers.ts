import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { type Configuration, haveMajority } from '../placement/configuration.ts';
import type { Peers } from './peers.ts';

export interface AbsentPeersPorts {
  readonly node: ControllerId;
  readonly configuration: () => Configuration;
  readonly peers: Peers;
  readonly clock: Clock;
  /** A peer that is silent for longer than this is absent, in milliseconds. */
  readonly horizonMs: number;
}

/**
 * Knows which peers are absent: silent for so long that deletions are not kept for them.
 *
 * Only silence during which this controller heard a majority of the controllers counts. A controller that hears fewer
 * may be cut off itself, so the silence says nothing about the peers.
 */
export class AbsentPeers {
  readonly #ports: AbsentPeersPorts;
  #majoritySinceMs: MonotonicMs | null = null;
  /** What was found last, and from what: both are replaced by other objects when they change. */
  #hearsMajority = false;
  #configuration: Configuration | null = null;
  #silent: readonly ControllerId[] = [];

  constructor(ports: AbsentPeersPorts) {
    this.#ports = ports;
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#update();
    if (!this.#hearsMajority) this.#majoritySinceMs = null;
    else this.#majoritySinceMs ??= this.#ports.clock.nowMs();
  }

  isAbsent(peer: ControllerId): boolean {
    const { peers, clock, horizonMs } = this.#ports;
    if (this.#majoritySinceMs === null) return false;
    const majorityForMs = clock.nowMs() - this.#majoritySinceMs;
    return Math.min(majorityForMs, peers.silentMs(peer) ?? majorityForMs) > horizonMs;
  }

  #update(): void {
    const { node, peers } = this.#ports;
    const configuration = this.#ports.configuration();
    // `Peers` makes another list of those that are silent whenever its ids change.
    const { silent } = peers;
    if (configuration === this.#configuration && silent === this.#silent) return;
    this.#configuration = configuration;
    this.#silent = silent;
    const heard = peers.ids.filter((peer) => !silent.includes(peer));
    this.#hearsMajority = haveMajority(configuration, [node, ...heard]);
  }
}
