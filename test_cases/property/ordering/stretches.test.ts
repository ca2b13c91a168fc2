import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Stretch, Stretches } from '../../../src/ordering/stretches.ts';

/** Stretches, compared with sets of single times. */

const TIMES = 12;

const stretch = fc
  .record({ origin: fc.nat(2), from: fc.nat(TIMES), length: fc.nat(4) })
  .map(({ origin, from, length }): Stretch => ({ origin, from, to: from + length }));

const some = fc.array(stretch, { maxLength: 6 });

function pointsOf(stretches: Iterable<Stretch>): Set<string> {
  const points = new Set<string>();
  for (const { origin, from, to } of stretches)
    for (let time = from + 1; time <= to; time++) points.add(`${origin}/${time}`);
  return points;
}

describe('stretches', () => {
  it('have the times of all that were added, apart from each other and in order', () => {
    fc.assert(
      fc.property(some, (added) => {
        const set = Stretches.of(added);
        expect(pointsOf(set)).toEqual(pointsOf(added));
        for (const origin of [0, 1, 2]) {
          const list = set.of(origin);
          for (const [i, one] of list.entries()) if (i > 0) expect(one.from).toBeGreaterThan(list[i - 1]!.to);
        }
      }),
    );
  });

  it('have what a set of times would have', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [left, right] = [Stretches.of(a), Stretches.of(b)];
        expect(left.dominates(right)).toBe(pointsOf(b).isSubsetOf(pointsOf(a)));
        const both = left.copy();
        both.merge(right);
        expect(pointsOf(both)).toEqual(pointsOf(a).union(pointsOf(b)));
        expect(left.isEmpty).toBe(pointsOf(a).size === 0);
      }),
    );
  });

  it('say less when the oldest are forgotten, and more when the newest are joined', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 3 }), (added, most) => {
        const less = Stretches.of(added);
        const more = Stretches.of(added);
        less.forgetOldest(most);
        more.joinNewest(most);
        expect(pointsOf(less).isSubsetOf(pointsOf(added))).toBe(true);
        expect(pointsOf(added).isSubsetOf(pointsOf(more))).toBe(true);
        for (const origin of [0, 1, 2]) {
          expect(less.of(origin).length).toBeLessThanOrEqual(most);
          expect(more.of(origin).length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
