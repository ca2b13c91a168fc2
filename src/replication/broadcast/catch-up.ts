import type { Clock } from '../../base/clock.ts';
import type { Exchange, Sync } from '../exchange/sync.ts';

export interface CatchUpPorts {
  readonly sync: Sync;
  /** Peers that serve in a view without this controller. */
  readonly servingPeers: () => readonly number[];
  readonly clock: Clock;
}

/** An exchange that brought no more than this shows that little is missing, in writes and in milliseconds. */
const LITTLE_WRITES = 1_000;
const LITTLE_MS = 250;

/** Time between two exchanges once little is missing, and how long the last one vouches for that, in milliseconds. */
const PAUSE_MS = 100;
const FRESH_MS = 1_000;

/**
 * Keeps a controller that is outside of the view close behind those in it, exchange after exchange, so that the
 * view stands still only for the very last difference when it takes the controller in.
 */
export class CatchUp {
  readonly #ports: CatchUpPorts;
  #attempts = 0;
  #caughtUpMs = Number.NEGATIVE_INFINITY;

  constructor(ports: CatchUpPorts) {
    this.#ports = ports;
  }

  /** A moment ago little was missing. */
  get isCaughtUp(): boolean {
    return this.#sinceMs < FRESH_MS;
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { sync, servingPeers } = this.#ports;
    const peers = servingPeers();
    if (peers.length === 0 || this.#sinceMs < PAUSE_MS) return;
    const running = peers.find((peer) => sync.isSyncing(peer));
    const peer =
      running !== undefined && sync.isMoving(running) ? running : peers[this.#attempts++ % peers.length]!;
    sync.pull(peer);
  }

  onSynced({ writes, tookMs }: Exchange): void {
    if (writes <= LITTLE_WRITES && tookMs <= LITTLE_MS) this.#caughtUpMs = this.#ports.clock.nowMs();
  }

  get #sinceMs(): number {
    return this.#ports.clock.nowMs() - this.#caughtUpMs;
  }
}
