import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import { it } from 'vitest';
import { type PendingKey, PendingKeys } from '../../../src/ordering/pending-keys.ts';
import { setOf } from '../../support/effects.ts';

/** Asserts that run ten thousand times use `equal`: `expect` takes a hundred times as long. */

const KEY_BYTES_MAX = 250;

/** A few similar keys, and many that differ in places that the hash may not read. */
const keys = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'ba'),
  fc.nat({ max: 3000 }).map((n) => `user:${n}:name`),
  fc.nat({ max: KEY_BYTES_MAX - 1 }).map((at) => `${'x'.repeat(at)}y`.padEnd(KEY_BYTES_MAX, 'x')),
);

const steps = fc.array(
  fc.record({ do: fc.constantFrom('add', 'add', 'add', 'remove', 'look', 'clear', 'many'), key: keys }),
  { maxLength: 200, size: 'max' },
);

it('is a map from keys to the requests that are pending on them', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const pending = new PendingKeys();
      const twin = new Map<string, ReturnType<typeof pending.getOrAdd>>();
      const add = (key: string): void => {
        const found = pending.getOrAdd(key);
        if (twin.has(key)) equal(found, twin.get(key));
        else expectFresh(found, key);
        twin.set(key, found);
        use(found);
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
        equal(pending.get(key), twin.get(key));
      }
      const values = [...pending.values()];
      equal(values.length, twin.size);
      equal(new Set(values).symmetricDifference(new Set(twin.values())).size, 0);
      for (const [key, one] of twin) equal(pending.get(key), one);
    }),
    { numRuns: 100 },
  );
});

/** Changes every field: none of the values may come back with the next key. */
function use(pending: PendingKey<unknown>): void {
  pending.isPredictionStale = true;
  pending.prediction = USED;
}

const USED = { effect: setOf('', { time: 1, node: 0 }), seq: 1, onOutcome: null, waiters: null, onKey: null };

function expectFresh(pending: PendingKey<unknown>, key: string): void {
  equal(pending.key, key);
  equal(pending.requests.length, 0);
  equal(pending.prediction, null);
  equal(pending.isPredictionStale, false);
}
