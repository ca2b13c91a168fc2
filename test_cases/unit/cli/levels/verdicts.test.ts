import { expect, it } from 'vitest';
import { verdictsOn } from '../../../../src/cli/levels/verdicts.ts';
import { LEVELS, type Level } from '../../../../src/placement/level.ts';
import { recordingOf } from '../../../support/level-recordings.ts';

interface Case {
  readonly lines: readonly string[];
  /** The weakest level that forbids it; null when all allow it. */
  readonly forbiddenFrom: Level | null;
  /** The requests that the reason of that level names. */
  readonly culprits?: string;
}

const STALE = ['Ann set price 10 @0-1', 'Ann set price 12 @2-3', 'Ben get price 10 @4-5'];
const CAUSE = ['Ann set question why @0-1', 'Ben get question why @2-3', 'Ben set answer so @4-5'];

const CASES: Readonly<Record<string, Case>> = {
  'a fresh read': {
    lines: [...STALE.slice(0, 2), 'Ben get price 12 @4-5'],
    forbiddenFrom: null,
  },
  'a read that overlaps the write and sees the old value': {
    lines: ['Ann set price 10 @0-1', 'Ann set price 12 @2-9', 'Ben get price 10 @4-5'],
    forbiddenFrom: null,
  },
  'a stale read': {
    lines: STALE,
    forbiddenFrom: 'linearizability',
    culprits: 'Ann set price=10, Ann set price=12, Ben got price=10',
  },
  'a stale read among others that are fresh': {
    lines: ['Ben get price nothing @0-0', ...STALE, 'Ben get price 12 @6-7', 'Ann get price 12 @6-7'],
    forbiddenFrom: 'linearizability',
    culprits: 'Ann set price=10, Ann set price=12, Ben got price=10',
  },
  'two orders': {
    lines: [
      'Ann set bid-a 50 @0-1',
      'Ben set bid-b 60 @0-1',
      'Ann get bid-b nothing @2-3',
      'Ben get bid-a nothing @2-3',
    ],
    forbiddenFrom: 'sequential',
    culprits: 'Ann set bid-a=50, Ben set bid-b=60, Ann found no bid-b, Ben found no bid-a',
  },
  'one order, in which Ann is first': {
    lines: [
      'Ann set bid-a 50 @0-9',
      'Ben set bid-b 60 @0-9',
      'Ann get bid-b nothing @10-11',
      'Ben get bid-a 50 @12-13',
    ],
    forbiddenFrom: 'linearizability',
  },
  'an effect with its cause': {
    lines: [...CAUSE, 'Cleo get answer so @6-7', 'Cleo get question why @8-9'],
    forbiddenFrom: null,
  },
  'an effect without its cause': {
    lines: [...CAUSE, 'Cleo get answer so @6-7', 'Cleo get question nothing @8-9'],
    forbiddenFrom: 'causal',
    culprits:
      'Ann set question=why, Ben got question=why, Ben set answer=so, Cleo got answer=so, Cleo found no question',
  },
  'a client that does not see its own write': {
    lines: ['Ann set price 10 @0-1', 'Ann get price nothing @2-3'],
    forbiddenFrom: 'causal',
  },
  'a value that nobody wrote': {
    lines: ['Ann set price 10 @0-1', 'Ben get price 11 @2-3'],
    forbiddenFrom: 'eventual',
    culprits: 'Ben got price=11',
  },
};

const verdictsOf = ({ lines }: Case) => verdictsOn(recordingOf('stale-read', 'eventual', lines));

it.each(Object.entries(CASES))('%s is forbidden by the levels that have to forbid it', (_, one) => {
  const weakest = one.forbiddenFrom === null ? -1 : LEVELS.indexOf(one.forbiddenFrom);
  const expected = LEVELS.map((level, at) => [level, at <= weakest]);
  expect(verdictsOf(one).map(({ level, forbidden }) => [level, forbidden !== null])).toEqual(expected);
});

const EXPLAINED = Object.entries(CASES).filter(([, { culprits }]) => culprits !== undefined);

it.each(EXPLAINED)('%s is shown by the fewest requests', (_, one) => {
  const { forbidden } = verdictsOf(one).find(({ level }) => level === one.forbiddenFrom)!;
  expect(forbidden!.split(': ').at(-1)).toBe(one.culprits);
});

it('controllers that end up with different values are forbidden at eventual', () => {
  const ends = ['10', '10', null].map((value) => new Map([['price', value]]));
  const recording = recordingOf('stale-read', 'eventual', ['Ann set price 10 @0-1'], ends);
  const eventual = verdictsOn(recording).find(({ level }) => level === 'eventual')!;
  expect(eventual.forbidden).toContain('did not end up equal');
});
