import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';

export interface ServiceWatchPorts {
  /** Why this controller does not serve reads; empty when it does. */
  readonly readTrouble: () => string;
  readonly writeTrouble: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Logs when this controller begins to serve its clients, when that ends, and, while it does not serve them,
 * at intervals what it waits for.
 */
export class ServiceWatch {
  readonly #ports: ServiceWatchPorts;
  #words: string = WORDS.nothing;
  /** The state at the last look. */
  #seen: string = WORDS.nothing;
  #sinceMs: MonotonicMs;
  /** When the next reminder of what clients wait for is due. */
  #remindMs: number;

  constructor(ports: ServiceWatchPorts) {
    this.#ports = ports;
    this.#sinceMs = ports.clock.nowMs();
    this.#remindMs = this.#sinceMs + REMIND_FIRST_MS;
  }

  /** To be called every `SERVICE_LOOK_MS`. */
  onTick(): void {
    const { readTrouble, writeTrouble, clock } = this.#ports;
    const reads = readTrouble();
    const writes = writeTrouble();
    const words = wordsOf(reads === '', writes === '');
    const isSettled = words === this.#seen;
    this.#seen = words;
    if (words !== this.#words) {
      if (isSettled) this.#report(words, words, reads, writes);
    } else if (words !== WORDS.all && clock.nowMs() >= this.#remindMs) {
      this.#report(words, `still ${words}`, reads, writes);
    }
  }

  #report(words: string, message: string, reads: string, writes: string): void {
    const { clock, log } = this.#ports;
    const now = clock.nowMs();
    const forMs = Math.round(now - this.#sinceMs);
    const isChange = words !== this.#words;
    this.#remindMs = now + (isChange ? REMIND_FIRST_MS : REMIND_EVERY_MS);
    if (isChange) this.#sinceMs = now;
    this.#words = words;
    if (words === WORDS.all) return log.info(message, { afterMs: forMs });
    const forSeconds = isChange ? {} : { forSeconds: Math.round(forMs / 1000) };
    const isOneReason = reads === '' || writes === '' || reads === writes;
    log.warn(message, {
      ...(isOneReason ? { waitsFor: reads || writes } : { reads, writes }),
      ...forSeconds,
    });
  }
}

/**
 * How often `onTick` looks, in milliseconds. A change counts once two looks have seen it: requests wait while
 * a view is formed, so a state that has passed by the second look was no outage.
 */
export const SERVICE_LOOK_MS = 100;

/**
 * How often the log says what clients wait for while they are not served, in milliseconds. The first reminder
 * comes soon, because the reason at the moment of a change often passes quickly, as it does during a start.
 */
const REMIND_FIRST_MS = 3_000;
const REMIND_EVERY_MS = 60_000;

const WORDS = {
  all: 'ready for reads and writes',
  reads: 'ready for reads, not for writes',
  writes: 'ready for writes, not for reads',
  nothing: 'not ready for reads and writes',
} as const;

function wordsOf(reads: boolean, writes: boolean): string {
  if (reads) return writes ? WORDS.all : WORDS.reads;
  return writes ? WORDS.writes : WORDS.nothing;
}
