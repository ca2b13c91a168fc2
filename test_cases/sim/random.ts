import { SeededRandom } from '../../src/base/seeded-random.ts';

/** What the simulator draws from a seed. */
export class Random extends SeededRandom {
  /** A separate source for one purpose: its numbers do not depend on what is drawn for other purposes. */
  fork(purpose: string): Random {
    let hash = (this.seed ^ 0x811c9dc5) >>> 0;
    for (let i = 0; i < purpose.length; i++) {
      hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193) >>> 0;
    }
    return new Random(hash);
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
