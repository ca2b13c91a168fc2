import { describe, expect, it } from 'vitest';
import { memcachedExptime } from '../../../src/store/exptime.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const THIRTY_DAYS_SECONDS = 30 * 24 * 60 * 60;

describe('the exptime for memcached', () => {
  it('is 0 only for what never expires', () => {
    expect(memcachedExptime(0, NOW_MS)).toBe(0);
    for (const expiresAtMs of [1, NOW_MS - DAY_MS, NOW_MS, NOW_MS + 1]) {
      expect(memcachedExptime(expiresAtMs, NOW_MS)).toBeGreaterThan(0);
    }
  });

  it('is rounded up, with room for memcached reading a clock that stands still for a second', () => {
    for (const ms of [0, 1, 999, 1000, 1001, 59_999, DAY_MS]) {
      const seconds = memcachedExptime(NOW_MS + ms, NOW_MS);
      expect(seconds * 1000 - ms).toBeGreaterThanOrEqual(2000);
      expect(seconds * 1000 - ms).toBeLessThan(3000);
    }
  });

  it('is never a number of seconds above 30 days, which memcached would take for a date in 1970', () => {
    const longest = NOW_MS + 30 * DAY_MS - 2000;
    expect(memcachedExptime(longest, NOW_MS)).toBe(THIRTY_DAYS_SECONDS);
    const unixSeconds = memcachedExptime(longest + 1, NOW_MS);
    expect(unixSeconds * 1000).toBeGreaterThan(longest);
    expect(unixSeconds * 1000).toBeLessThan(longest + DAY_MS);
  });

  it('is never beyond the 32 bits of the wire', () => {
    expect(memcachedExptime((2 ** 32 - 10_000) * 1000, NOW_MS)).toBe(2 ** 32 - 10_000 + 3600);
    expect(memcachedExptime(2 ** 32 * 1000, NOW_MS)).toBe(0);
  });
});
