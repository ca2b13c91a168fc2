import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PendingKeys } from '../../../src/ordering/pending-keys.ts';

const KEY_BYTES_MAX = 250;

/** Few keys that are alike, and many that differ in places that are not all looked at. */
const keys = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'ba'),
  fc.nat({ max: 3000 }).map((n) => `user:${n}:name`),
  fc.nat({ max: KEY_BYTES_MAX - 1 }).map((at) => `${'x'.repeat(at)}y`.padEnd(KEY_BYTES_MAX, 'x')),
);

const steps = fc.array(
  fc.record({ do: fc.constantFrom('add', 'add', 'add', 'remove', 'look', 'clear', 'many'), key: keys }),
  { maxLength: 200, size: 'max' },
);

it('is a map from keys to what waits for them', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const pending = new PendingKeys();
      const twin = new Map<string, ReturnType<typeof pending.getOrAdd>>();
      const add = (key: string): void => {
        const found = pending.getOrAdd(key);
        if (twin.has(key)) expect(found).toBe(twin.get(key));
        else expect(found).toMatchObject({ key, requests: [], prediction: null, stale: false });
        twin.set(key, found);
      };
      for (const { do: what, key } of list) {
        if (what === 'add') add(key);
        else if (what === 'many') for (let i = 0; i < 700; i++) add(`${key}${i}`);
        else if (what === 'remove' && twin.has(key)) {
          pending.remove(twin.get(key)!);
          twin.delete(key);
        } else if (what === 'clear' && key === 'a') {
          pending.clear();
          twin.clear();
        }
        expect(pending.get(key)).toBe(twin.get(key));
      }
      expect(new Set(pending.values())).toEqual(new Set(twin.values()));
      for (const [key, one] of twin) expect(pending.get(key)).toBe(one);
    }),
    { numRuns: 100 },
  );
});
