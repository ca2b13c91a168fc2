import { describe, expect, it } from 'vitest';
import {
  type Configuration,
  configurationFlaw,
  haveMajority,
  mayBeMembers,
  sameConfiguration,
  votersOf,
} from '../../../src/placement/configuration.ts';
import {
  areApart,
  forcedWithout,
  isMissingMarks,
  isRemovedByForce,
  linkedIn,
} from '../../../src/placement/forced.ts';
import { settled, withAdded, withVoters } from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const FIVE = configurationOfSize(5);
const FORCED = forcedWithout(FIVE, [0, 1, 2], 'a') as Configuration;

describe('a configuration without controllers that are gone for good', () => {
  it('needs all that are left, until it is settled', () => {
    expect(votersOf(FORCED)).toEqual([3, 4]);
    expect(configurationFlaw(FORCED)).toBe(null);
    const three = forcedWithout(FIVE, [0, 1], 'a') as Configuration;
    expect(haveMajority(three, [2, 3])).toBe(false);
    expect(mayBeMembers(three, [2, 3])).toBe(false);
    expect(haveMajority(three, [2, 3, 4])).toBe(true);
    expect(haveMajority(settled(three), [2, 3])).toBe(true);
    expect(sameConfiguration(three, settled(three))).toBe(false);
  });

  it('keeps who was dropped, and under which names, over later changes', () => {
    const joined = withAdded(settled(FORCED), { host: 'new', port: 1 }, 'joining') as Configuration;
    const { id } = joined.controllers.at(-1)!;
    const voting = settled(withVoters(joined, [id], []) as Configuration);
    expect(voting.forced?.marks).toEqual(['a']);
    for (const lost of [0, 1, 2]) expect(isRemovedByForce(voting, lost)).toBe(true);
    expect(linkedIn(voting)).toHaveLength(6);
    const again = forcedWithout(voting, [3], 'b') as Configuration;
    expect(again.forced?.marks).toEqual(['a', 'b']);
    expect(again.forced?.removed.map((one) => one.id)).toEqual([0, 1, 2, 3]);
  });

  it('has those that were about to leave vote again: they may have the last view alone', () => {
    const changing = withVoters(FIVE, [], [4]) as Configuration;
    expect(votersOf(forcedWithout(changing, [0, 1, 2], 'a') as Configuration)).toEqual([3, 4]);
  });

  it('takes no other change before it is settled', () => {
    expect(withVoters(FORCED, [], [4])).toContain('under way');
    expect(withAdded(FORCED, { host: 'new', port: 1 }, 'joining')).toContain('under way');
  });

  it('forgets a dropped controller when another one joins at its address', () => {
    const { host, port } = FIVE.controllers[1]!;
    const joined = withAdded(settled(FORCED), { host, port }, 'joining') as Configuration;
    expect(joined.forced?.removed.map(({ id }) => id)).toEqual([0, 2]);
  });

  it('needs somebody who votes', () => {
    expect(forcedWithout(FIVE, [0, 1, 2, 3, 4], 'a')).toContain('no controller');
  });

  it('is followed by the other groups with the controllers that it dropped', () => {
    const root = settled(FORCED);
    expect(isMissingMarks(FIVE, FORCED)).toBe(false);
    expect(isMissingMarks(FIVE, root)).toBe(true);
    expect(isMissingMarks(root, root)).toBe(false);
  });
});

it('configurations were forced apart where neither list of names begins with the other', () => {
  expect(areApart([], ['a'])).toBe(false);
  expect(areApart(['a'], ['a', 'b'])).toBe(false);
  expect(areApart(['a', 'c'], ['a', 'b'])).toBe(true);
  expect(areApart(['b'], ['a', 'b'])).toBe(true);
});
