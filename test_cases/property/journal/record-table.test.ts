import { deepEqual, equal } from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import { type RecordFields, RecordTable } from '../../../src/journal/record-table.ts';
import { MARKS } from '../../../src/ordering/effect.ts';
import { eventually } from '../../support/eventually.ts';

const BIG = Number.MAX_SAFE_INTEGER;

const fields: fc.Arbitrary<Required<RecordFields>> = fc.record({
  version: fc.record(
    { time: fc.maxSafeNat(), node: fc.nat({ max: IDS_END - 1 }) },
    { noNullPrototype: true },
  ),
  expiresAtMs: fc.constantFrom(0, 1, 1_800_000_000_000, BIG),
  tombstone: fc.boolean(),
  token: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  marks: fc.nat({ max: MARKS.stale | MARKS.taken }),
  readAtSec: fc.constantFrom(0, 1_800_000_000),
  valued: fc.boolean(),
  valueBytes: fc.constantFrom(undefined, 0, 1, 1_048_576, 2 ** 31 - 2),
  file: fc.nat({ max: 2 ** 31 }),
  at: fc.maxSafeNat(),
});

/** `many` fills and empties whole chunks. */
const steps = fc.array(
  fc.record({
    do: fc.constantFrom('add', 'add', 'set', 'remove', 'many', 'clear'),
    at: fc.nat({ max: 10_000 }),
    fields,
  }),
  { maxLength: 60, size: 'max' },
);

const MANY = 900;

it('is a map from slots to records', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = new RecordTable();
      const twin = new Map<number, { key: string } & Required<RecordFields>>();
      let keys = 0;
      const add = (made: Required<RecordFields>): void => {
        const key = `k${keys++}`;
        const slot = table.add(key, made);
        equal(twin.has(slot), false);
        twin.set(slot, { key, ...made });
      };
      for (const { do: what, at, fields: made } of list) {
        const slots = [...twin.keys()];
        const slot = slots[at % slots.length];
        if (what === 'add') add(made);
        else if (what === 'many') for (let i = 0; i < MANY; i++) add(made);
        else if (what === 'clear')
          for (const one of slots.filter((_, index) => index % 7 !== at % 7 || at % 2 === 0)) {
            twin.delete(one);
            table.remove(one);
          }
        else if (slot !== undefined && what === 'set') {
          table.set(slot, made);
          twin.set(slot, { key: twin.get(slot)!.key, ...made });
        } else if (slot !== undefined) {
          twin.delete(slot);
          table.remove(slot);
        }
      }
      let found = 0;
      for (let slot = 0; slot < table.slots; slot++) {
        equal(table.isUsed(slot), twin.has(slot));
        if (!table.isUsed(slot)) continue;
        deepEqual({ ...table.recordAt(slot) }, twin.get(slot));
        found++;
      }
      equal(found, twin.size);
    }),
    { numRuns: 60 },
  );
});

it('uses slots again, and frees the memory of a thousand neighbours when none of them is used', async () => {
  const table = new RecordTable();
  const made = {
    version: { time: 1, node: 0 },
    expiresAtMs: 0,
    tombstone: false,
    token: null,
    marks: 0,
    readAtSec: 0,
  };
  const slots = Array.from({ length: 50_000 }, (_, at) => table.add(`${at}`, made));
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const full = process.memoryUsage().arrayBuffers;
  for (const slot of slots) table.remove(slot);
  // Buffers are freed in the background.
  await eventually(() => {
    collect();
    expect(full - process.memoryUsage().arrayBuffers).toBeGreaterThan(50_000 * 32);
  });
  for (let at = 0; at < 50_000; at++) expect(table.add(`${at}`, made)).toBeLessThan(slots.length + 1_024);
});
