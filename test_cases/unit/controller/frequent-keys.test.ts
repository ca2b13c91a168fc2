import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrequentKeys } from '../../../src/controller/keys/frequent-keys.ts';
import { LargestValues } from '../../../src/controller/keys/largest-values.ts';

const CAPACITY = 8;
const stream = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 400 });

it('the counts of frequent keys never exceed the truth, and no key above 1/capacity is missing', () => {
  fc.assert(
    fc.property(stream, (numbers) => {
      const frequent = new FrequentKeys(CAPACITY);
      const truth = new Map<string, number>();
      for (const number of numbers) {
        const key = `key ${number}`;
        frequent.add(key, number % 2 === 1, 1);
        truth.set(key, (truth.get(key) ?? 0) + 1);
      }
      const top = frequent.top(CAPACITY);
      expect(frequent.size).toBeLessThanOrEqual(CAPACITY);
      for (const { key, reads, writes } of top) expect(reads + writes).toBeLessThanOrEqual(truth.get(key)!);
      const found = new Set(top.map(({ key }) => key));
      const above = [...truth].filter(([, count]) => count > numbers.length / CAPACITY);
      expect(above.filter(([key]) => !found.has(key))).toEqual([]);
    }),
  );
});

it('frequent keys come in the order of their counts, and older counts weigh less after a decay', () => {
  const frequent = new FrequentKeys(CAPACITY);
  frequent.add('old', false, 10);
  frequent.decay(0.1);
  frequent.add('new', true, 2);
  expect(frequent.top(5)).toEqual([
    { key: 'new', reads: 0, writes: 2 },
    { key: 'old', reads: 1, writes: 0 },
  ]);
});

it('the largest values are those that sorting all of them gives', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), (sizes) => {
      const largest = new LargestValues(5);
      sizes.forEach((size, at) => {
        largest.offer(`key ${at}`, size);
      });
      const sorted = sizes.toSorted((a, b) => b - a).slice(0, 5);
      expect(largest.keys.map(({ valueBytes }) => valueBytes)).toEqual(sorted);
    }),
  );
});
