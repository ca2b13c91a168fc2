import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

export interface ServiceWatchPorts {
  /** Why reads are not served here; empty when they are. */
  readonly readTrouble: () => string;
  readonly writeTrouble: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Logs when clients here begin to be served and when that ends, and now and then what it waits for meanwhile. */
export class ServiceWatch {
  readonly #ports: ServiceWatchPorts;
  #words: string = WORDS.nothing;
  /** At the last look. */
  #seen: string = WORDS.nothing;
  #sinceMs: number;
  /** When it is said again what clients wait for. */
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
 * How often it is to be looked, in milliseconds. A change counts once two looks have seen it: requests wait while a view is
 * formed, and a state that is over by then is no outage.
 */
export const SERVICE_LOOK_MS = 100;

/**
 * While clients are not served, it is said so often what that waits for, in milliseconds. Soon at first: at the moment of
 * a change the reason is often one that passes, as is a start.
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
