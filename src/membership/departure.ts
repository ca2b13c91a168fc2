import type { Clock } from '../base/clock.ts';
import type { DeparturePhase } from './messages.ts';

export interface DeparturePorts {
  readonly clock: Clock;
  /** The other controllers need this one for a moment more. */
  readonly isNeeded: () => boolean;
  /** Has a heartbeat sent at once. */
  readonly announce: () => void;
}

/**
 * The planned end of this controller, after which no other controller has to notice that it is gone.
 *
 *  1. `draining`: its clients get their last answers. It is a member like any other.
 *  2. `drained`: it serves no client. The other controllers agree on a view without it, and it takes part in that
 *     change. Its promise gives up its lease, so the others need not wait for the lease to run out; and its queue
 *     goes into the union.
 *  3. It ends when the others serve in that view, or when waiting gains nothing: see `isNeeded`.
 *
 * Heartbeats tell the phase. They belong to a connection, so a controller that is started again at once has new ones,
 * by which it stays. The other controllers depend on no step of this one: if it dies in the middle, or stands still,
 * they notice that as they would notice it of any other controller.
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
 * A controller that ends waits no longer than this for the others to go on without it, in milliseconds. Longer: an
 * end takes long when the others cannot agree. Shorter: on a slow machine they have to miss it after all.
 */
const HAND_OVER_WITHIN_MS = 2_000;
