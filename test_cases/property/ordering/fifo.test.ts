import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../../src/base/fifo.ts';

describe('a fifo', () => {
  const runs = fc.array(
    fc.oneof(
      fc.record({ do: fc.constantFrom('push' as const, 'shift' as const), times: fc.nat({ max: 100 }) }),
      fc.record({ do: fc.constant('clear' as const), times: fc.constant(1) }),
    ),
    { maxLength: 30, size: 'max' },
  );

  it('is an array with push and shift', () => {
    fc.assert(
      fc.property(runs, (list) => {
        const fifo = new Fifo<number>();
        const array: number[] = [];
        let next = 0;
        for (const run of list) {
          for (let time = 0; time < run.times; time++) {
            if (run.do === 'push') {
              fifo.push(next);
              array.push(next++);
            } else if (run.do === 'shift') expect(fifo.shift()).toBe(array.shift());
            else {
              fifo.clear();
              array.length = 0;
            }
          }
          expect(fifo.length).toBe(array.length);
          expect(fifo.first()).toBe(array[0]);
          expect(fifo.last()).toBe(array.at(-1));
          expect(fifo.filter((item) => item % 3 === 0)).toEqual(array.filter((item) => item % 3 === 0));
        }
      }),
      { numRuns: 200 },
    );
  });
});
