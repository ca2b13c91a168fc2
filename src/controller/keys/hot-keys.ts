import type { Clock } from '../../base/clock.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { Random } from '../../base/random.ts';
import { isWrite } from '../../consistency/access.ts';
import { kindOf } from '../../consistency/request-kinds.ts';
import type { Request } from '../../protocol/request.ts';
import { FrequentKeys } from './frequent-keys.ts';

/** A key that clients of this controller ask for often. The rates are lower bounds. */
export interface HotKey {
  /** Latin-1, one character a byte. */
  readonly key: string;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  /** Its part of all operations on keys, from 0 to 1. */
  readonly share: number;
}

export interface HotKeysReport {
  /** The hottest first. */
  readonly keys: readonly HotKey[];
  /** Operations on keys, of the clients of this controller. */
  readonly operationsPerSecond: number;
  /** The rates are averages of about so many seconds, the newest of which count most. */
  readonly windowSeconds: number;
  /** One request in so many is looked at, at the moment. */
  readonly sampledOneIn: number;
}

/** Keys that are counted. A key with less than 1/512 of all operations may be missing. */
const KEYS_MAX = 512;

/** What a second that has passed keeps of the counts: they are averages of about a minute. */
const KEPT_PER_SECOND = 59 / 60;

/**
 * How many samples are wanted in a second. More: the rates are more exact. Fewer: less work. When a second has brought
 * so many, only half as many of its further requests are looked at, and so on.
 */
const SAMPLES_PER_SECOND = 500;

/** Most keys of one request that are counted. A request with more keys is represented by as many, taken at random. */
const KEYS_PER_REQUEST_MAX = 16;

const SECOND_MS = 1000;

/** A key with a lower rate was last asked for long ago: it is left out of reports. */
const RATE_MIN = 0.001;

/**
 * Finds the keys that clients of this controller ask for most, from a sample of the requests: every request while there
 * are few, and one in many while there are many, so that the cost per second is bounded. The requests between two
 * samples are a random number, since clients may ask in a pattern.
 */
export class HotKeys {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #frequent = new FrequentKeys(KEYS_MAX);
  /** Requests that one sample stands for. */
  #gap = 1;
  #untilSample = 1;
  #samplesUntilThinner = SAMPLES_PER_SECOND;
  /** Requests of the second, as estimated from its samples. */
  #requestsInSecond = 0;
  /** Operations on keys, decayed as the counts of the keys are. */
  #operations = 0;
  /** The seconds that the counts stand for: fewer than the window at first. */
  #seconds = 0;
  #secondBeganMs: MonotonicMs;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#secondBeganMs = clock.nowMs();
  }

  /** To be called for each request. */
  count(request: Request): void {
    if (--this.#untilSample === 0) this.#sample(request);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const elapsedMs = this.#clock.nowMs() - this.#secondBeganMs;
    if (elapsedMs < SECOND_MS) return;
    this.#secondBeganMs += elapsedMs;
    this.#endSecond(elapsedMs / SECOND_MS);
  }

  report(count: number): HotKeysReport {
    const inSecond = (this.#clock.nowMs() - this.#secondBeganMs) / SECOND_MS;
    const seconds = Math.max(this.#seconds + inSecond, KEPT_PER_SECOND);
    const keys = this.#frequent.top(count).map(({ key, reads, writes }) => ({
      key,
      readsPerSecond: reads / seconds,
      writesPerSecond: writes / seconds,
      share: (reads + writes) / this.#operations,
    }));
    return {
      keys: keys.filter(({ readsPerSecond, writesPerSecond }) => readsPerSecond + writesPerSecond > RATE_MIN),
      operationsPerSecond: this.#operations / seconds,
      windowSeconds: Math.round(seconds),
      sampledOneIn: this.#gap,
    };
  }

  reset(): void {
    this.#frequent.clear();
    this.#operations = 0;
    this.#seconds = 0;
    this.#secondBeganMs = this.#clock.nowMs();
  }

  #sample(request: Request): void {
    this.#requestsInSecond += this.#gap;
    this.#add(request);
    if (--this.#samplesUntilThinner === 0) this.#sampleEvery(this.#gap * 2);
    this.#untilSample = this.#nextGap();
  }

  #add(request: Request): void {
    const writes = isWrite(kindOf(request).access(request));
    if ('key' in request) return this.#addKey(request.key, writes, this.#gap);
    if (!('keys' in request)) return;
    const { keys } = request;
    const added = Math.min(keys.length, KEYS_PER_REQUEST_MAX);
    const weight = (this.#gap * keys.length) / added;
    for (let at = 0; at < added; at++)
      this.#addKey(keys[added === keys.length ? at : this.#below(keys.length)]!, writes, weight);
  }

  #addKey(key: string, writes: boolean, weight: number): void {
    this.#operations += weight;
    this.#frequent.add(key, writes, weight);
  }

  #endSecond(seconds: number): void {
    if (this.#operations > 0) {
      const kept = KEPT_PER_SECOND ** seconds;
      this.#frequent.decay(kept);
      this.#operations *= kept;
      this.#seconds = (this.#seconds + seconds) * kept;
    }
    const requests = this.#requestsInSecond / seconds;
    this.#requestsInSecond = 0;
    this.#sampleEvery(Math.max(1, Math.round(requests / SAMPLES_PER_SECOND)));
  }

  #sampleEvery(gap: number): void {
    this.#samplesUntilThinner = SAMPLES_PER_SECOND;
    if (gap === this.#gap) return;
    this.#gap = gap;
    this.#untilSample = this.#nextGap();
  }

  /** From 1 to twice the gap, on average the gap. */
  #nextGap(): number {
    return 1 + this.#below(2 * this.#gap - 1);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
