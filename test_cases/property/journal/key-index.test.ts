import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOfKey } from '../../../src/base/key-hash.ts';
import { KeyIndex } from '../../../src/journal/key-index.ts';
import { NO_SLOT, RecordTable } from '../../../src/journal/record-table.ts';

const FIELDS = {
  version: { time: 1, node: 0 },
  expiresAtMs: 0,
  tombstone: false,
  token: null,
  marks: 0,
  readAtSec: 0,
};

/** Keys whose hashes agree in the bits that choose the partition and the place in a small partition. */
function neighbours(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) if ((hashOfKey(`k${n}`) & 0xff00000c) === 0) found.push(`k${n}`);
  return found;
}

const NEAR = neighbours(60);

const steps = fc.array(
  fc.record({
    do: fc.constantFrom('add', 'add', 'remove', 'some', 'none'),
    key: fc.oneof(fc.constantFrom(...NEAR), fc.constantFrom('', 'a'), fc.string({ maxLength: 3 })),
  }),
  { maxLength: 250, size: 'max' },
);

it('is a map from keys to slots', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = new RecordTable();
      const index = new KeyIndex(table);
      const twin = new Map<string, number>();
      const add = (key: string): void => {
        if (twin.has(key)) return;
        const slot = table.add(key, FIELDS);
        index.add(key, slot);
        twin.set(key, slot);
      };
      const remove = (key: string): void => {
        const slot = twin.get(key);
        if (slot === undefined) return;
        index.remove(key, slot);
        table.remove(slot);
        twin.delete(key);
      };
      for (const { do: what, key } of list) {
        if (what === 'add') add(key);
        else if (what === 'remove') remove(key);
        else if (what === 'some' && key.length === 0) for (let n = 0; n < 2_000; n++) add(`${key}${n}`);
        else if (what === 'none' && key.length === 0)
          for (const one of [...twin.keys()].slice(1)) remove(one);
        expect(index.get(key)).toBe(twin.get(key) ?? NO_SLOT);
      }
      expect(index.size).toBe(twin.size);
      for (const key of NEAR) expect(index.get(key)).toBe(twin.get(key) ?? NO_SLOT);
      for (const [key, slot] of twin) expect(index.get(key)).toBe(slot);
    }),
    { numRuns: 200 },
  );
});

it('spreads keys that differ in any place, also in the last or the first', () => {
  const lists = [
    Array.from({ length: 4_096 }, (_, n) => `user:${n}`),
    Array.from({ length: 4_096 }, (_, n) => `${n}:name`),
    Array.from(
      { length: 4_096 },
      (_, n) => `${'x'.repeat(100)}${String.fromCharCode(n & 63, n >> 6)}${'y'.repeat(100)}`,
    ),
  ];
  for (const keys of lists) {
    const parts = new Array<number>(256).fill(0);
    const places = new Array<number>(256).fill(0);
    for (const key of keys) {
      parts[hashOfKey(key) >>> 24]!++;
      places[hashOfKey(key) & 255]!++;
    }
    expect(Math.max(...parts, ...places)).toBeLessThan(50);
  }
});
