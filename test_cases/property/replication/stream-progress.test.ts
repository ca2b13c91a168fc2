import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamProgress } from '../../../src/replication/broadcast/stream-progress.ts';

/** Controllers whose ids do not follow each other, as after some were added and removed. */
const IDS = [0, 3, 9, 200] as const;
const IDS_END = 201;
const SELF = 3;

/** Views with this controller and others as members. */
const views = fc
  .subarray([0, 9, 200], { minLength: 1 })
  .map((others) => [SELF, ...others].sort((a, b) => a - b));

/** Steps of a view: its members are its only origins. A member may acknowledge streams of which there is nothing. */
const stepsIn = (members: readonly number[]) =>
  fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('receive' as const), origin: fc.constantFrom(...members) }),
      fc.record({
        do: fc.constant('acknowledged' as const),
        member: fc.constantFrom(...members.filter((id) => id !== SELF)),
        received: fc.subarray(IDS as unknown as number[]).chain((origins) =>
          fc.tuple(...origins.map(() => fc.nat({ max: 10 }))).map((seqs) => {
            const received: number[] = new Array(IDS_END).fill(0);
            origins.forEach((origin, index) => {
              received[origin] = seqs[index]!;
            });
            return received;
          }),
        ),
      }),
    ),
    { maxLength: 60, size: 'max' },
  );

const runs = views.chain((members) => fc.tuple(stepsIn(members), fc.constant(members)));

describe('the progress of streams', () => {
  it('has a request of the union as stable whose origin is no member, and has a larger id than all', () => {
    const progress = new StreamProgress(0, [0, 1]);
    expect(progress.stableSeq(2)).toBe(0);
    expect(progress.lacking(2, 0)).toEqual([]);
  });

  it('is stable up to the request that every member is known to have received', () => {
    fc.assert(
      fc.property(runs, ([list, members]) => {
        const progress = new StreamProgress(SELF, members);
        const table = Array.from({ length: IDS_END }, () => new Array<number>(IDS_END).fill(0));
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
            for (const origin of members) raise(step.member, origin, step.received[origin]!);
            progress.onAcknowledged(step.member, step.received);
          }
          expect(progress.allReceived()).toEqual(table[SELF]!.slice(0, Math.max(...members) + 1));
          for (const origin of members) {
            expect(progress.received(origin)).toBe(table[SELF]![origin]);
            expect(progress.stableSeq(origin)).toBe(
              Math.min(...members.map((member) => table[member]![origin]!)),
            );
            for (const member of members) {
              expect(progress.acknowledged(member, origin)).toBe(table[member]![origin]);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of a single controller is stable at once', () => {
    const progress = new StreamProgress(0, [0]);
    expect(progress.receive(0)).toBe(1);
    expect(progress.stableSeq(0)).toBe(1);
  });

  it('regression: the next request set back the acknowledgement of an origin for its own stream', () => {
    const progress = new StreamProgress(0, [0, 1]);
    progress.onAcknowledged(1, [0, 5]);
    progress.receive(1);
    expect(progress.acknowledged(1, 1)).toBe(5);
    expect(progress.stableSeq(1)).toBe(1);
  });

  it('that wait for the disk are stable once every member, the origin included, has them on disk', () => {
    const progress = new StreamProgress(0, [0, 1], true);
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
