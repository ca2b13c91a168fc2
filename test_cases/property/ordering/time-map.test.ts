import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSpans, spansOf, TimeMap } from '../../../src/ordering/time-map.ts';
import { TICKS_PER_MS } from '../../../src/ordering/version.ts';

const LATEST = 90_000_000_000 * TICKS_PER_MS;
const HOUR = 3_600_000 * TICKS_PER_MS;

/** Some right times, some that are hours or years ahead, and some at the end of the range of versions. */
const times = fc.uniqueArray(
  fc.oneof(
    fc.nat({ max: 10_000 }).map((n) => LATEST - HOUR + n * 977),
    fc.nat({ max: 10_000 }).map((n) => LATEST - 3 * HOUR + n * 977_977),
    fc.nat({ max: 10_000 }).map((n) => LATEST + 2 * HOUR + n),
    fc.nat({ max: 10_000 }).map((n) => LATEST + 9_000 * HOUR + n * 1_000_003),
    fc.nat({ max: 10_000 }).map((n) => Number.MAX_SAFE_INTEGER - n),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  ),
  { minLength: 1, maxLength: 40 },
);

/** The map for the times in use; null when they do not fit. */
function mapOf(used: readonly number[]): TimeMap | null {
  try {
    return new TimeMap(spansOf(used), LATEST);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return null;
  }
}

describe('times that are too far ahead', () => {
  it('are moved to the latest time or before, stay different, and keep their order', () => {
    fc.assert(
      fc.property(times, (used) => {
        const map = mapOf(used);
        if (map === null) return;
        const sorted = used.toSorted((a, b) => a - b);
        const moved = sorted.map((time) => map.map(time));
        expect(moved.at(-1)).toBeLessThanOrEqual(LATEST);
        moved.forEach((time, i) => {
          expect(time).toBeGreaterThan(i === 0 ? 0 : moved[i - 1]!);
          expect(time % TICKS_PER_MS).toBe(sorted[i]! % TICKS_PER_MS);
        });
      }),
    );
  });

  it('are told from right ones by the same limits', () => {
    fc.assert(
      fc.property(
        times,
        fc.oneof(
          times.map(([time]) => time!),
          fc.nat(),
        ),
        (used, time) => {
          const map = mapOf(used);
          if (map === null) return;
          const limit = map.mapBound(time);
          for (const one of used) expect(Math.sign(map.map(one) - limit)).toBe(Math.sign(one - time));
          expect(limit).toBeLessThanOrEqual(LATEST + TICKS_PER_MS);
          const start = Math.floor(time / TICKS_PER_MS) * TICKS_PER_MS;
          expect(map.mapBound(start) % TICKS_PER_MS).toBe(0);
        },
      ),
    );
  });

  it('become the same on all controllers that have merged their times in use', () => {
    fc.assert(
      fc.property(times, times, (first, second) => {
        const joined = joinSpans([spansOf(first), spansOf(second)]);
        expect(joined).toEqual(spansOf([...first, ...second]));
      }),
    );
  });
});

describe('times that are right', () => {
  it('stay', () => {
    const map = new TimeMap(spansOf([0, 5 * HOUR, 6 * HOUR, LATEST]), LATEST);
    expect(map.isIdentity).toBe(true);
    expect([0, 5 * HOUR, LATEST].map((time) => map.map(time))).toEqual([0, 5 * HOUR, LATEST]);
  });

  it('stay when other times are moved', () => {
    const map = new TimeMap(spansOf([5 * HOUR, LATEST - HOUR, LATEST + 9 * HOUR]), LATEST);
    expect(map.isIdentity).toBe(false);
    expect([5 * HOUR, LATEST - HOUR, LATEST + 9 * HOUR].map((time) => map.map(time))).toEqual([
      5 * HOUR,
      LATEST - HOUR,
      LATEST,
    ]);
  });
});

it('a time that was not surveyed is refused', () => {
  const map = new TimeMap(spansOf([HOUR, LATEST + HOUR]), LATEST);
  for (const time of [1, HOUR + HOUR / 2, LATEST + 2 * HOUR]) expect(() => map.map(time)).toThrow(RangeError);
});
