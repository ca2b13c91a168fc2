import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamProgress } from '../../../src/replication/broadcast/stream-progress.ts';

const NODES = 4;
const SELF = 1;
const node = fc.nat({ max: NODES - 1 });

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('receive' as const), origin: node }),
    fc.record({
      do: fc.constant('acknowledged' as const),
      member: node.map((id) => (id === SELF ? 0 : id)),
      received: fc.array(fc.nat({ max: 10 }), { maxLength: NODES }),
    }),
  ),
  { maxLength: 60, size: 'max' },
);

/** Views with this controller as a member. */
const views = fc.subarray([0, 2, 3]).map((others) => [SELF, ...others].sort((a, b) => a - b));

describe('the progress of streams', () => {
  it('is stable up to the request that every member is known to have received', () => {
    fc.assert(
      fc.property(steps, views, (list, members) => {
        const progress = new StreamProgress(SELF, NODES, members);
        const table = Array.from({ length: NODES }, () => new Array<number>(NODES).fill(0));
        const raise = (member: number, origin: number, seq: number) => {
          table[member]![origin] = Math.max(table[member]![origin]!, seq);
        };
        for (const step of list) {
          if (step.do === 'receive') {
            const seq = table[SELF]![step.origin]! + 1;
            raise(SELF, step.origin, seq);
            raise(step.origin, step.origin, seq);
            expect(progress.receive(step.origin)).toBe(seq);
          } else {
            step.received.forEach((seq, origin) => {
              raise(step.member, origin, seq);
            });
            progress.onAcknowledged(step.member, step.received);
          }
          expect(progress.allReceived()).toEqual(table[SELF]);
          for (let origin = 0; origin < NODES; origin++) {
            expect(progress.received(origin)).toBe(table[SELF]![origin]);
            expect(progress.stableSeq(origin)).toBe(
              Math.min(...members.map((member) => table[member]![origin]!)),
            );
            for (let member = 0; member < NODES; member++) {
              expect(progress.acknowledged(member, origin)).toBe(table[member]![origin]);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of a single controller is stable at once', () => {
    const progress = new StreamProgress(0, 1, [0]);
    expect(progress.receive(0)).toBe(1);
    expect(progress.stableSeq(0)).toBe(1);
  });

  it('regression: the next request set back the acknowledgement of an origin for its own stream', () => {
    const progress = new StreamProgress(0, 2, [0, 1]);
    progress.onAcknowledged(1, [0, 5]);
    progress.receive(1);
    expect(progress.acknowledged(1, 1)).toBe(5);
    expect(progress.stableSeq(1)).toBe(1);
  });

  it('that wait for the disk are stable once every member, the origin included, has them on disk', () => {
    const progress = new StreamProgress(0, 2, [0, 1], true);
    progress.receive(0);
    progress.receive(1);
    const received = progress.allReceived();
    progress.receive(1);
    progress.onAcknowledged(1, [1, 2]);
    expect([received, progress.allKept(), progress.stableSeq(0), progress.stableSeq(1)]).toEqual([
      [1, 1],
      [0, 0],
      0,
      0,
    ]);
    progress.keep(received);
    expect([progress.allKept(), progress.stableSeq(0), progress.stableSeq(1)]).toEqual([[1, 1], 1, 1]);
    expect(progress.allReceived()).toEqual([1, 2]);
  });
});
