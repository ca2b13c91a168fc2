import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  growingPercentFor,
  HEADROOM_BYTES,
  keepHeapHeadroom,
} from '../../../src/cli/process/heap-headroom.ts';

it('a small heap may grow by the headroom, and hardly more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000_000, max: HEADROOM_BYTES - 1 }), (bytes) => {
      const growth = (bytes * growingPercentFor(bytes)) / 100;
      expect(growth).toBeGreaterThan(HEADROOM_BYTES / 2);
      expect(growth).toBeLessThanOrEqual(HEADROOM_BYTES);
    }),
  );
});

it('a large heap is left to V8', () => {
  expect(growingPercentFor(HEADROOM_BYTES)).toBe(0);
  expect(growingPercentFor(20 * HEADROOM_BYTES)).toBe(0);
});

it('V8 takes the choice', () => {
  const stop = keepHeapHeadroom();
  stop();
  expect(() => setFlagsFromString('--heap-growing-percent=0')).not.toThrow();
});
