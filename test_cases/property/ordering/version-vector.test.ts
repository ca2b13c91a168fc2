import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/ordering/version.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';

const NODES = 4;
const times = fc.nat({ max: 9 });
const vectors = fc.array(times, { minLength: NODES, maxLength: NODES });
const versions = fc.record({ time: times, node: fc.nat({ max: NODES - 1 }) });

function merged(...all: readonly (readonly number[])[]): readonly number[] {
  const result = VersionVector.zero(NODES);
  for (const one of all) result.merge(new VersionVector(one));
  return result.times();
}

describe('a version vector', () => {
  it('merges in any order, any number of times, to the same result', () => {
    fc.assert(
      fc.property(vectors, vectors, vectors, (a, b, c) => {
        expect(merged(a, b)).toEqual(merged(b, a));
        expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)));
        expect(merged(a, a)).toEqual(a);
        expect(merged(a, b)).toEqual(a.map((time, node) => Math.max(time, b[node]!)));
      }),
    );
  });

  it('dominates exactly the vectors whose merge does not change it', () => {
    fc.assert(
      fc.property(vectors, vectors, (a, b) => {
        const dominates = new VersionVector(a).dominates(new VersionVector(b));
        expect(dominates).toBe(merged(a, b).every((time, node) => time === a[node]));
        expect(new VersionVector(merged(a, b)).dominates(new VersionVector(b))).toBe(true);
      }),
    );
  });

  it('covers the time that it was advanced to, all times before, and nothing else', () => {
    fc.assert(
      fc.property(vectors, versions, versions, (a, known, asked) => {
        const vector = new VersionVector(a);
        vector.advance(known.node, known.time);
        const byKnown = asked.node === known.node && asked.time <= known.time;
        expect(vector.covers(asked)).toBe(asked.time <= a[asked.node]! || byKnown);
      }),
    );
  });

  it('settled up to a version covers exactly all versions that are not larger, besides those that it covered', () => {
    fc.assert(
      fc.property(vectors, versions, versions, (a, settled, asked) => {
        const vector = new VersionVector(a);
        vector.advanceAllTo(settled, NODES);
        const covered = asked.time <= a[asked.node]! || compareVersions(asked, settled) <= 0;
        expect(vector.covers(asked)).toBe(covered);
      }),
    );
  });

  it('settled up to a version covers the origins that were added after it was made', () => {
    const origins = fc.record({ time: times, node: fc.constantFrom(0, NODES, NODES + 1, 255) });
    fc.assert(
      fc.property(vectors, origins, origins, (a, settled, asked) => {
        const vector = new VersionVector(a);
        vector.advanceAllTo(settled, 256);
        const covered = asked.time <= (a[asked.node] ?? 0) || compareVersions(asked, settled) <= 0;
        expect(vector.covers(asked)).toBe(covered);
        expect(vector.times()).toHaveLength(256);
      }),
    );
  });

  it('keeps a place for each origin up to the largest that it was told of', () => {
    const vector = new VersionVector([3]);
    vector.advance(2, 7);
    expect(vector.times()).toEqual([3, 0, 7]);
    vector.merge(VersionVector.zero(5));
    expect(vector.times()).toEqual([3, 0, 7, 0, 0]);
    vector.advanceAllTo({ time: 9, node: 6 }, 0);
    expect(vector.times()).toEqual([9, 9, 9, 9, 9, 9, 9]);
  });

  it('covers nothing of an origin that it has no place for', () => {
    const short = new VersionVector([]);
    expect(short.covers({ time: 1, node: 3 })).toBe(false);
    expect(short.dominates(new VersionVector([0, 0]))).toBe(true);
    expect(short.dominates(new VersionVector([0, 1]))).toBe(false);
    short.merge(new VersionVector([1, 2]));
    expect(short.times()).toEqual([1, 2]);
  });

  it('shares its numbers with no other vector', () => {
    const given = [1, 2];
    const vector = new VersionVector(given);
    (vector.times() as number[])[0] = 9;
    given[1] = 9;
    expect(vector.times()).toEqual([1, 2]);
  });
});
