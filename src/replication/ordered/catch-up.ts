import type { Clock } from '../../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { AntiEntropy, Exchange } from '../exchange/anti-entropy.ts';

/** An exchange that brought no more than this shows that little is missing, in writes and in milliseconds. */
const LITTLE_WRITES = 1_000;
const LITTLE_MS = 250;

/**
 * The time between two exchanges once little is missing, and for how long the last one proves that, in milliseconds.
 */
const PAUSE_MS = 100;
const FRESH_MS = 1_000;

/**
 * Keeps a controller that is outside of the view close behind the members, exchange after exchange. So when the view
 * takes the controller in, writes stop only for the last difference.
 */
export class CatchUp {
  readonly #clock: Clock;
  #attempts = 0;
  #caughtUpMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This controller lacked little a moment ago. */
  get isCaughtUp(): boolean {
    return this.#sinceMs < FRESH_MS;
  }

  /** To be called every few milliseconds. @param peers serve in a view without this controller */
  onTick(sync: AntiEntropy, peers: readonly ControllerId[]): void {
    if (peers.length === 0 || this.#sinceMs < PAUSE_MS) return;
    const running = peers.find((peer) => sync.hasExchangeWith(peer));
    const peer =
      running !== undefined && sync.isMoving(running) ? running : peers[this.#attempts++ % peers.length]!;
    sync.pull(peer);
  }

  onExchanged({ writes, tookMs }: Exchange): void {
    if (writes <= LITTLE_WRITES && tookMs <= LITTLE_MS) this.#caughtUpMs = this.#clock.nowMs();
  }

  get #sinceMs(): MonotonicMs {
    return this.#clock.nowMs() - this.#caughtUpMs;
  }
}
