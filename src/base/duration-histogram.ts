/**
 * The upper bounds of the buckets, in milliseconds: 1, 2 and 5 of each decade from 50 microseconds to 10 seconds. A
 * bucket takes the durations up to its bound; longer ones than the last bound have a bucket of their own.
 */
export const DURATION_BOUNDS_MS: readonly number[] = [
  ...[0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1_000, 2_000, 5_000, 10_000],
];

/**
 * How often durations of each length have occurred. To count one allocates nothing, and costs a few comparisons: most
 * durations are short, and the search begins with the smallest bound.
 */
export class DurationHistogram {
  /** Per bucket, and not cumulative. The last one has no bound. */
  readonly counts = new Float64Array(DURATION_BOUNDS_MS.length + 1);
  /** The sum of all durations, in milliseconds, in an array so that adding to it allocates nothing. */
  readonly #sumMs = new Float64Array(1);

  get sumMs(): number {
    return this.#sumMs[0]!;
  }

  get count(): number {
    let count = 0;
    for (const one of this.counts) count += one;
    return count;
  }

  /** A negative duration, as a clock that is not monotonic would give, counts as none. */
  observe(ms: number): void {
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_MS.length && ms > DURATION_BOUNDS_MS[bucket]!) bucket++;
    this.counts[bucket]!++;
    if (ms > 0) this.#sumMs[0]! += ms;
  }

  /** Adds all that another histogram has counted. */
  add(other: DurationHistogram): void {
    for (let bucket = 0; bucket < this.counts.length; bucket++) this.counts[bucket]! += other.counts[bucket]!;
    this.#sumMs[0]! += other.sumMs;
  }
}

/**
 * The duration that this share of all durations does not exceed, in milliseconds. Within a bucket it is interpolated,
 * as Prometheus does. Durations beyond the last bound count as that bound.
 *
 * @param counts per bucket, as in `DurationHistogram.counts`; the difference of two readings gives those between them
 * @param share from 0 to 1
 * @returns null when there are none
 */
export function quantileMs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket]!;
  if (total === 0) return null;
  let below = 0;
  for (let bucket = 0; bucket < DURATION_BOUNDS_MS.length; bucket++) {
    const here = counts[bucket]!;
    if (here > 0 && below + here >= share * total) {
      const lower = bucket === 0 ? 0 : DURATION_BOUNDS_MS[bucket - 1]!;
      return lower + (DURATION_BOUNDS_MS[bucket]! - lower) * ((share * total - below) / here);
    }
    below += here;
  }
  return DURATION_BOUNDS_MS.at(-1)!;
}
