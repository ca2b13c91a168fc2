import type { Clock } from '../base/clock.ts';

/**
 * One coarse timer for the deadlines of many operations: each operation notes the time when it begins, and each tick
 * checks the oldest. A deadline is kept to within two ticks.
 *
 * The watchdog's time stands still while this process does: when no tick comes for long, because the process was
 * stopped or busy, the time moves on by two ticks only. Therefore a pause of this process is not taken for a pause of
 * the store.
 */
export class Watchdog {
  readonly tickMs: number;
  readonly #nowMs: Clock['nowMs'];
  readonly #onTick: () => void;
  #timer: NodeJS.Timeout | null = null;
  #lastTick = 0;
  #ms = 0;

  /** @param nowMs monotonic */
  constructor(tickMs: number, nowMs: Clock['nowMs'], onTick: () => void) {
    this.tickMs = tickMs;
    this.#nowMs = nowMs;
    this.#onTick = onTick;
  }

  /** Time as of the last tick. */
  get ms(): number {
    return this.#ms;
  }

  /** Ticks until stopped. A further call does nothing. */
  start(): void {
    if (this.#timer !== null) return;
    this.#lastTick = this.#nowMs();
    this.#timer = setInterval(this.#tick, this.tickMs).unref();
  }

  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  readonly #tick = (): void => {
    const now = this.#nowMs();
    this.#ms += Math.min(now - this.#lastTick, 2 * this.tickMs);
    this.#lastTick = now;
    this.#onTick();
  };
}
