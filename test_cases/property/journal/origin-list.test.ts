import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OriginList } from '../../../src/journal/origin-list.ts';
import { NO_SLOT, RecordTable } from '../../../src/journal/record-table.ts';

const NODE = 1;

function add(table: RecordTable, time: number): number {
  const version = { time, node: NODE };
  return table.add(`${time}`, {
    version,
    expiresAtMs: 0,
    tombstone: false,
    token: null,
    marks: 0,
    readAtSec: 0,
  });
}

const steps = fc.array(
  fc.record({
    do: fc.constantFrom('insert', 'insert', 'insert', 'remove'),
    time: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 80, size: 'max' },
);

/** Reads the links of the list in the opposite direction. */
function oldestFirst(table: RecordTable, log: OriginList): number[] {
  const times: number[] = [];
  let slot = [...log.newerThan(0)].at(-1) ?? NO_SLOT;
  for (; slot !== NO_SLOT; slot = table.newerThan(slot)) times.push(table.timeOf(slot));
  return times;
}

it('is in order, in whatever order its records come and go', () => {
  fc.assert(
    fc.property(steps, fc.nat({ max: 60 }), (list, since) => {
      const table = new RecordTable();
      const log = new OriginList(table);
      const timesOf = (slots: Iterable<number>) => [...slots].map((slot) => table.timeOf(slot));
      const twin = new Map<number, number>();
      for (const { do: what, time } of list) {
        const known = twin.get(time);
        if (what === 'insert' && known === undefined) {
          const slot = add(table, time);
          twin.set(time, slot);
          log.insert(slot);
        } else if (what === 'remove' && known !== undefined) {
          twin.delete(time);
          log.remove(known);
          table.remove(known);
        }
        const sorted = [...twin.keys()].sort((a, b) => b - a);
        expect(timesOf(log.newerThan(0))).toEqual(sorted);
        expect(timesOf(log.newerThan(since))).toEqual(sorted.filter((one) => one > since));
        expect(oldestFirst(table, log)).toEqual(sorted.reverse());
      }
    }),
    { numRuns: 150 },
  );
});
