import type { Clock } from '../base/clock.ts';

/**
 * The longest time for which this controller has kept anything waiting lately: its event loop, by how late its ticks
 * are, or its store, by how long that takes to answer. It is what the controller says of itself to those who may take it
 * back into a view.
 */
export class Lag {
  readonly #clock: Clock;
  readonly #tickMs: number;
  #lastTickMs: number;
  /** The longest since this span of time began, and within the one before. */
  #newestMs = 0;
  #beforeMs = 0;
  #spanEndsMs: number;

  /** @param tickMs how often `onTick` is to be called */
  constructor(clock: Clock, tickMs: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#lastTickMs = clock.nowMs();
    this.#spanEndsMs = this.#lastTickMs + SPAN_MS;
  }

  /** In whole milliseconds, over the last one to two spans of time. */
  get longestMs(): number {
    return Math.round(Math.max(this.#newestMs, this.#beforeMs));
  }

  /** @param storeMs how long the store took to answer last, or has taken so far */
  onTick(storeMs: number): void {
    const now = this.#clock.nowMs();
    const lateMs = now - this.#lastTickMs - this.#tickMs;
    this.#lastTickMs = now;
    this.#newestMs = Math.max(this.#newestMs, lateMs, storeMs);
    if (now < this.#spanEndsMs) return;
    this.#spanEndsMs = now + SPAN_MS;
    this.#beforeMs = this.#newestMs;
    this.#newestMs = 0;
  }
}

/** How long what was slow is told of, at the least, in milliseconds: each heartbeat must get to tell it. */
const SPAN_MS = 250;
