import type { Clock } from '../base/clock.ts';
import { DurationHistogram } from '../base/duration-histogram.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';

/**
 * The longest time for which this controller has recently delayed anything: by its event loop (how late its
 * ticks come) or by its store (how long an answer takes). A controller reports it to the peers that decide
 * whether to take it into a view.
 */
export class RecentLag {
  /** How late the ticks came. */
  readonly delays = new DurationHistogram();
  readonly #clock: Clock;
  readonly #tickMs: number;
  #lastTickMs: MonotonicMs;
  /** The longest lag of the current span of time and of the one before. */
  #newestMs = 0;
  #beforeMs = 0;
  #spanEndsMs: MonotonicMs;

  /** @param tickMs how often `onTick` is called */
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

  /** @param storeMs how long the last answer of the store took, or how long it has been awaited */
  onTick(storeMs: number): void {
    const now = this.#clock.nowMs();
    const lateMs = now - this.#lastTickMs - this.#tickMs;
    this.#lastTickMs = now;
    this.delays.observe(lateMs);
    this.#newestMs = Math.max(this.#newestMs, lateMs, storeMs);
    if (now < this.#spanEndsMs) return;
    this.#spanEndsMs = now + SPAN_MS;
    this.#beforeMs = this.#newestMs;
    this.#newestMs = 0;
  }
}

/** The length of a span, in milliseconds: long enough for every heartbeat to report each lag. */
const SPAN_MS = 250;
