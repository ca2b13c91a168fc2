/** A seeded source of randomness (mulberry32): the same seed gives the same numbers for ever. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** A separate source for one purpose: its numbers do not depend on what is drawn for other purposes. */
  fork(purpose: string): Random {
    let hash = (this.#seed ^ 0x811c9dc5) >>> 0;
    for (let i = 0; i < purpose.length; i++) {
      hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193) >>> 0;
    }
    return new Random(hash);
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Exponentially distributed, as the time between two events that come at random. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Heavy-tailed (Pareto): at least `min`; the smaller `alpha`, the more of the values are far above it. */
  pareto(min: number, alpha: number): number {
    return min * (1 - this.next()) ** (-1 / alpha);
  }

  /** Spread evenly over orders of magnitude. */
  logBetween(min: number, max: number): number {
    return min * (max / min) ** this.next();
  }
}
