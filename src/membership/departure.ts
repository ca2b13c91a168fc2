import type { Clock } from '../base/clock.ts';
import type { DeparturePhase } from './messages.ts';

export interface DeparturePorts {
  readonly clock: Clock;
  /** The others need this controller for a moment more. */
  readonly isNeeded: () => boolean;
  /** Has a heartbeat sent at once. */
  readonly announce: () => void;
}

/**
 * The planned end of this controller: nobody has to miss it.
 *
 *  1. `draining`: its clients get their last answers. It is a member like any other.
 *  2. `drained`: it serves nobody. The others agree on a view without it, and it takes part in that change: with its
 *     promise it gives up its lease, so nobody waits for that to run out, and its queue is in the union.
 *  3. It ends when the others serve in that view, or when waiting gains nothing: see `isNeeded`.
 *
 * It is told in heartbeats, which belong to a connection: a controller that is started again at once has new ones, on
 * which it stays. What becomes of the others must not depend on a step of this one: when it dies in the middle, or
 * stands still, they miss it as they would miss any other.
 */
export class Departure {
  readonly #ports: DeparturePorts;
  #phase: DeparturePhase = 'staying';
  #drainedMs = 0;
  #onGone: () => void = () => {};

  constructor(ports: DeparturePorts) {
    this.#ports = ports;
  }

  get phase(): DeparturePhase {
    return this.#phase;
  }

  becomeDraining(): void {
    this.#phase = 'draining';
    this.#ports.announce();
  }

  /** @param onGone called once this controller may end */
  becomeDrained(onGone: () => void): void {
    const { clock, announce } = this.#ports;
    this.#phase = 'drained';
    this.#drainedMs = clock.nowMs();
    this.#onGone = onGone;
    announce();
    this.onTick();
  }

  /** To be called when something has changed, and every few milliseconds. */
  onTick(): void {
    if (this.#phase !== 'drained') return;
    const { clock, isNeeded } = this.#ports;
    // mutant: ends-too-early
    if (isNeeded() && clock.nowMs() - this.#drainedMs < HAND_OVER_WITHIN_MS) return;
    const onGone = this.#onGone;
    this.#onGone = () => {};
    onGone();
  }
}

/**
 * A controller that ends waits no longer than this for the others to go on without it, in milliseconds. Longer: an end
 * that takes long when the others can't agree. Shorter: on a slow machine they have to miss it after all.
 */
const HAND_OVER_WITHIN_MS = 2_000;
