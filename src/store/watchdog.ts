import type { Clock } from '../base/clock.ts';

/**
 * Deadlines of many operations with one coarse timer: operations note the time when they begin, and each
 * tick looks at the oldest.
 *
 * Its time is that of this process: when no tick comes for long, since the process was stopped or busy, it
 * moves on by two ticks only, so that such a pause is not taken for one of the store. Deadlines are kept
 * to within two ticks.
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

  /** Ticks until stopped; costs nothing when it does already. */
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
