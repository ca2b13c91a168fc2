import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DURATION_BOUNDS_MS, DurationHistogram, quantileMs } from '../../../src/base/duration-histogram.ts';

function histogramOf(...durationsMs: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram();
  for (const ms of durationsMs) histogram.observe(ms);
  return histogram;
}

it('a duration is counted in the first bucket whose bound it does not exceed', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 20_000, noNaN: true }), (ms) => {
      const { counts, count } = histogramOf(ms);
      const bucket = counts.indexOf(1);
      expect(count).toBe(1);
      expect(ms).toBeLessThanOrEqual(DURATION_BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY);
      if (bucket > 0) expect(ms).toBeGreaterThan(DURATION_BOUNDS_MS[bucket - 1]!);
    }),
  );
});

it('the bounds grow, and each is the shortest form of a number of seconds', () => {
  const seconds = DURATION_BOUNDS_MS.map((ms) => ms / 1000);
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
  expect(seconds.filter((bound) => `${bound}`.length > 7)).toEqual([]);
});

it('durations are summed, and a negative one counts as none', () => {
  const histogram = histogramOf(1.5, 2.5, -3);
  expect(histogram.sumMs).toBe(4);
  expect(histogram.counts[0]).toBe(1);
  const sum = histogramOf(1);
  sum.add(histogram);
  expect(sum.sumMs).toBe(5);
  expect(sum.count).toBe(4);
});

it('a quantile lies in the bucket of the duration that it stands for', () => {
  const { counts } = histogramOf(0.01, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 30_000);
  expect(quantileMs(counts, 0.5)).toBeGreaterThan(0.2);
  expect(quantileMs(counts, 0.5)).toBeLessThanOrEqual(0.5);
  expect(quantileMs(counts, 0.05)).toBeLessThanOrEqual(0.05);
  // A duration beyond the last bound is known to be longer than that bound, and no more.
  expect(quantileMs(counts, 1)).toBe(DURATION_BOUNDS_MS.at(-1));
  expect(quantileMs(new DurationHistogram().counts, 0.5)).toBeNull();
});
