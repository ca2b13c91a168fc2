import { expect, it } from 'vitest';
import { flushAtMs } from '../../../src/protocol/expiry.ts';

const NOW_MS = 1_800_000_000_123;

/** Measured with memcached 1.6.18: a delay of one second flushes at once, a delay of two seconds after one second. */
it.each([
  [0, 0],
  [1, 0],
  [2, NOW_MS + 1_000],
  [10, NOW_MS + 9_000],
  [30 * 86_400, NOW_MS + (30 * 86_400 - 1) * 1_000],
  [1_900_000_000, 1_899_999_999_000],
])('flush_all %i takes effect at %i', (delay, atMs) => {
  expect(flushAtMs(delay, NOW_MS)).toBe(atMs);
});
