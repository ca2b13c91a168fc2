import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/store/entry.ts';
import { HotEntries, SEEN_FOR_SEC } from '../../../src/store/hot-entries.ts';

const BYTES_MAX = 20_000;
const key = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789');
const bytes = fc.integer({ min: 0, max: 4_000 });

/** Every entry has a version and a value of its own. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('offer' as const), key, bytes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), key, bytes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
);

function entryOf(time: number, length: number): Entry {
  const value = Buffer.alloc(length, String(time));
  return { version: { time, node: 0 }, flags: time, expiresAtMs: 0, token: null, marks: 0, value };
}

describe('hot entries', () => {
  it('answer with the entry that was put in last, or with none, and stay within their bound', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const hot = new HotEntries(BYTES_MAX);
        const newest = new Map<string, Entry>();
        for (const [time, one] of steps.entries()) {
          if (one.kind === 'remove') {
            hot.remove(one.key);
            newest.delete(one.key);
          } else if (one.kind === 'read') {
            const known = newest.get(one.key) ?? entryOf(time, 0);
            const found = hot.get(one.key, known.version, 0);
            if (found !== null) expect(found).toEqual(newest.get(one.key));
            expect(hot.get(one.key, { time: time + 0.5, node: 0 }, 0)).toBeNull();
          } else {
            const entry = entryOf(time, one.bytes);
            newest.set(one.key, entry);
            if (one.kind === 'offer') hot.offer(one.key, entry, 0);
            else hot.replace(one.key, entry);
          }
          const { bytes: held, entries } = hot.counters;
          expect(held).toBeLessThanOrEqual(BYTES_MAX);
          expect(held === 0).toBe(entries === 0);
        }
        for (const name of newest.keys()) hot.remove(name);
        expect(hot.counters).toMatchObject({ bytes: 0, entries: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('keep an entry that is read often while many others pass through', () => {
    const hot = new HotEntries(BYTES_MAX);
    const wanted = entryOf(1, 100);
    hot.offer('wanted', wanted, 0);
    for (let time = 2; time < 1_000; time++) {
      hot.offer(`passes ${time}`, entryOf(time, 100), 0);
      expect(hot.get('wanted', wanted.version, 0)).not.toBeNull();
    }
    expect(hot.counters.entries).toBeGreaterThan(20);
  });

  it('stay when they are written, and go when they are written again without having been read', () => {
    const hot = new HotEntries(BYTES_MAX);
    hot.offer('k', entryOf(1, 10), 0);
    for (const time of [2, 3]) {
      hot.replace('k', entryOf(time, 10));
      expect(hot.get('k', { time, node: 0 }, 0)).not.toBeNull();
    }
    hot.replace('k', entryOf(4, 10));
    hot.replace('k', entryOf(5, 10));
    expect(hot.counters.entries).toBe(0);
  });
});

describe('values of hot entries', () => {
  it('are read from the store now and then, and after a jump of the clock', () => {
    const hot = new HotEntries(BYTES_MAX);
    const entry = entryOf(1, 10);
    const isGiven = (nowSec: number) => hot.get('k', entry.version, nowSec) !== null;
    hot.offer('k', entry, 100);
    expect([100, 100 + SEEN_FOR_SEC - 1, 100 + SEEN_FOR_SEC, 99].map(isGiven)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    hot.offer('k', entry, 100 + SEEN_FOR_SEC);
    expect(isGiven(100 + SEEN_FOR_SEC)).toBe(true);
    expect(hot.counters.entries).toBe(1);
  });

  it('are copies: the buffer that they were read from may be written to', () => {
    const hot = new HotEntries(BYTES_MAX);
    const entry = entryOf(1, 10);
    hot.offer('k', entry, 0);
    entry.value.fill(0);
    expect(hot.get('k', entry.version, 0)!.value.toString()).toBe('1'.repeat(10));
  });

  it.each([0, 400])('are not kept where there is no room for them (%d bytes)', (bytesMax) => {
    const hot = new HotEntries(bytesMax);
    hot.offer('k', entryOf(1, 1), 0);
    hot.replace('k', entryOf(2, 1));
    expect(hot.counters).toEqual({ hits: 0, misses: 0, bytes: 0, entries: 0 });
  });
});
