import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OriginLog, type OriginRecord } from '../../../src/journal/origin-log.ts';

const NODE = 1;

const recordOf = (time: number): OriginRecord => ({
  key: `${time}`,
  version: { time, node: NODE },
  expiresAtMs: 0,
  tombstone: false,
  token: null,
  marks: 0,
  readAtSec: 0,
  file: 0,
  at: 0,
  older: null,
  newer: null,
});

const timesOf = (records: Iterable<OriginRecord>): number[] =>
  [...records].map((record) => record.version.time);

const steps = fc.array(
  fc.record({
    do: fc.constantFrom('insert', 'insert', 'insert', 'remove', 'keep'),
    time: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 80, size: 'max' },
);

/** Reads the links of the list the other way round. */
function oldestFirst(log: OriginLog): number[] {
  let record = [...log.newerThan(0)].at(-1) ?? null;
  const times: number[] = [];
  for (; record !== null; record = record.newer) times.push(record.version.time);
  return times;
}

describe('the log of one origin', () => {
  it('is in order, whatever the order in which its records come and go', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 60 }), (list, since) => {
        const log = new OriginLog();
        const twin = new Map<number, OriginRecord>();
        for (const { do: what, time } of list) {
          const known = twin.get(time);
          if (what === 'insert' && known === undefined) {
            twin.set(time, recordOf(time));
            log.insert(twin.get(time)!);
          } else if (what === 'remove' && known !== undefined) {
            twin.delete(time);
            log.remove(known);
          } else if (what === 'keep' && time % 5 === 0) {
            for (const one of twin.keys()) if (one < time) twin.delete(one);
            expect(timesOf(log.keepFrom({ time, node: NODE }, NODE))).toHaveLength(twin.size);
          }
          const sorted = [...twin.keys()].sort((a, b) => b - a);
          expect(timesOf(log.newerThan(0))).toEqual(sorted);
          expect(timesOf(log.newerThan(since))).toEqual(sorted.filter((one) => one > since));
          expect(oldestFirst(log)).toEqual(sorted.reverse());
        }
      }),
      { numRuns: 150 },
    );
  });

  it('keeps from a version of another origin on what is not smaller, by its number at the same time', () => {
    const kept = (node: number): number[] => {
      const log = new OriginLog();
      for (const time of [1, 2, 3]) log.insert(recordOf(time));
      return timesOf(log.keepFrom({ time: 2, node }, NODE));
    };
    expect(kept(NODE - 1)).toEqual([3, 2]);
    expect(kept(NODE + 1)).toEqual([3]);
  });
});
