import { describe, expect, it } from 'vitest';
import {
  type Configuration,
  configurationFlaw,
  haveMajority,
  mayBeMembers,
  sameConfiguration,
  spareIn,
  votersOf,
} from '../../../src/placement/configuration.ts';
import {
  beforeHeard,
  sameVoters,
  settled,
  toDrop,
  towards,
  withAdded,
  without,
  withVoters,
} from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

function changed(
  configuration: Configuration,
  come: readonly number[],
  go: readonly number[],
): Configuration {
  const next = withVoters(configuration, come, go);
  if (typeof next === 'string') throw new Error(next);
  return next;
}

function joined(configuration: Configuration, host: string): Configuration {
  const next = withAdded(configuration, { host, port: 1 }, 'joining');
  if (typeof next === 'string') throw new Error(next);
  return next;
}

const FIVE = configurationOfSize(5);

describe('while a change is under way', () => {
  const joint = changed(FIVE, [], [3, 4]);

  it('majorities before and after the change have to agree', () => {
    expect(votersOf(joint)).toEqual([0, 1, 2]);
    expect(haveMajority(joint, [0, 1])).toBe(false);
    expect(haveMajority(joint, [2, 3, 4])).toBe(false);
    expect(haveMajority(joint, [0, 1, 4])).toBe(true);
    expect(haveMajority(settled(joint), [0, 1])).toBe(true);
  });

  it('every majority before the change has a member, and only voters are members', () => {
    expect(mayBeMembers(joint, [0, 1])).toBe(false);
    expect(mayBeMembers(joint, [0, 1, 2])).toBe(true);
    expect(mayBeMembers(joint, [0, 1, 2, 3])).toBe(false);
  });

  it('no other change begins', () => {
    expect(withVoters(joint, [3], [])).toBe('another change of the controllers is under way');
  });

  it('leases need grants of those that vote after it', () => {
    expect(spareIn(joint)).toBe(1);
  });
});

it('one of two controllers can be removed: the other one is asked by every proposer', () => {
  const joint = changed(configurationOfSize(2), [], [1]);
  expect(mayBeMembers(joint, [0])).toBe(true);
  expect(haveMajority(joint, [0])).toBe(false);
  expect(haveMajority(settled(joint), [0])).toBe(true);
});

it('a controller that stopped voting may vote again, under its id', () => {
  const without = settled(changed(FIVE, [], [4]));
  expect(votersOf(settled(changed(without, [4], [])))).toEqual([0, 1, 2, 3, 4]);
});

it.each([
  [[], [0, 1, 2, 3, 4], 'the last controller that votes can not be removed'],
  [[], [0, 1, 2], 'these are too many at once: a majority of the controllers must stay'],
])('is refused: %j come and %j go', (come, go, reason) => {
  expect(withVoters(FIVE, come, go)).toBe(reason);
});

it('at most seven controllers vote', () => {
  const eight = { ...configurationOfSize(8), controllers: [...configurationOfSize(7).controllers] };
  const joining = { id: 7, host: 'h', port: 1, phase: 'joining' } as const;
  const all = { controllers: [...eight.controllers, joining] };
  expect(withVoters(all, [7], [])).toBe('at most 7 controllers can vote');
});

describe('a controller that joins', () => {
  const joining = joined(FIVE, 'x');

  it('has the next id, and counts for nothing', () => {
    expect(joining.controllers.at(-1)).toEqual({ id: 5, host: 'x', port: 1, phase: 'joining' });
    expect(configurationFlaw(joining)).toBe(null);
    expect(votersOf(joining)).toEqual([0, 1, 2, 3, 4]);
    expect(haveMajority(joining, [0, 1, 5])).toBe(false);
    expect(mayBeMembers(joining, [0, 1, 2, 5])).toBe(false);
  });

  it('votes by the step that there is for others', () => {
    expect(votersOf(settled(changed(joining, [5], [])))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is refused where it is, while another change is under way, and without an id or a place', () => {
    expect(withAdded(joining, { host: 'x', port: 1 }, 'joining')).toBe('controller 5 is at x:1');
    expect(withAdded(changed(FIVE, [], [4]), { host: 'x', port: 1 }, 'joining')).toContain('is under way');
    expect(withAdded({ ...FIVE, nextId: 1_024 }, { host: 'x', port: 1 }, 'joining')).toContain(
      'all 1024 ids',
    );
    expect(withAdded(FIVE, { host: 'x'.repeat(140_000), port: 1 }, 'joining')).toBe(
      'a configuration is too large',
    );
  });

  it('is dropped, and its id is not given again', () => {
    const left = without(joining, 5) as Configuration;
    expect(configurationFlaw(left)).toBe(null);
    expect(votersOf(left)).toEqual([0, 1, 2, 3, 4]);
    expect(joined(left, 'y').controllers.at(-1)!.id).toBe(6);
    expect(without(left, 5)).toBe('there is no controller 5');
    expect(without(left, 4)).toBe('controller 4 votes');
  });

  it('has to be dropped once it was removed, and one that the cluster was formed with never', () => {
    const voting = settled(changed(joining, [5], []));
    const removed = changed(voting, [], [4, 5]);
    expect(toDrop(joining, 5)).toBe(null);
    expect(toDrop(removed, 5)).toBe(null);
    expect(toDrop(settled(removed), 5)).toBe(5);
  });
});

describe('a configuration that a peer sends', () => {
  const right = changed(FIVE, [], [4]);

  it('is taken with its fields in any order', () => {
    expect(configurationFlaw(right)).toBe(null);
    const { epoch, ...rest } = right;
    expect(sameConfiguration(right, { ...rest, ...(epoch === undefined ? {} : { epoch }) })).toBe(true);
    expect(sameConfiguration(right, settled(right))).toBe(false);
  });

  it.each([
    [{ ...right, epoch: 0 }, 'a configuration has no epoch'],
    [{ ...right, nextId: 1_025 }, 'a configuration is incomplete'],
    [{ ...right, controllers: [] }, 'a configuration has 0 controllers that vote'],
    [{ ...right, nextId: 4 }, 'the ids of a configuration are out of order'],
    [
      { ...right, controllers: right.controllers.toReversed() },
      'the ids of a configuration are out of order',
    ],
    [{ ...right, controllers: [{ id: 0, host: '', port: 1 }] }, 'controller 0 has no address'],
    [
      { ...right, controllers: [{ id: 0, host: 'x'.repeat(140_000), port: 1 }] },
      'a configuration is too large',
    ],
    [{ ...right, before: [1, 1] }, 'the voters before a change are no list of ids'],
  ])('is refused: %#', (configuration, flaw) => {
    expect(configurationFlaw(configuration as Configuration)).toBe(flaw);
  });
});

describe('a group that comes to the voters of the root group', () => {
  const ready = () => true;
  const own = configurationOfSize(3);

  it('takes one joint step, and is settled then', () => {
    const target = settled(changed(joined(own, 'new'), [3], [0]));
    const joint = towards(own, target, ready)!;
    expect([votersOf(joint), joint.before]).toEqual([
      [1, 2, 3],
      [0, 1, 2],
    ]);
    expect(towards(joint, target, ready)).toBeNull();
    expect(sameVoters(settled(joint), target)).toBe(true);
    expect(towards(settled(joint), target, ready)).toBeNull();
  });

  it('waits for a controller that no view could take in, and goes on with the others', () => {
    const target = settled(changed(joined(joined(own, 'a'), 'b'), [3, 4], []));
    expect(votersOf(towards(own, target, (id) => id !== 3)!)).toEqual([0, 1, 2, 4]);
    expect(towards(own, target, () => false)).toBeNull();
  });

  it('goes by several steps where a majority has to stay', () => {
    let group = configurationOfSize(3);
    const target = settled(changed(settled(changed(configurationOfSize(3), [], [0])), [], [1]));
    for (const voters of [[1, 2], [2]]) {
      const joint = towards(group, target, ready)!;
      expect(votersOf(joint)).toEqual(voters);
      group = settled(joint);
    }
    expect(towards(group, target, ready)).toBeNull();
  });

  it('does nothing while a change of the root group is under way', () => {
    expect(towards(own, changed(own, [], [2]), ready)).toBeNull();
  });

  it('takes no controller for one that leaves which never voted in it', () => {
    const left = changed(settled(changed(joined(own, 'a'), [3], [])), [], [3]);
    const target = settled(changed(settled(left), [], [2]));
    const { controllers } = towards(own, target, ready)!;
    expect(controllers.map(({ id, phase }) => [id, phase])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, 'leaving'],
      [3, 'joining'],
    ]);
  });
});

it('a controller that was added votes in no further group before it has heard of one', () => {
  const added = settled(changed(joined(configurationOfSize(3), 'new'), [3], []));
  const { epoch, controllers } = beforeHeard(added, 3);
  expect([epoch, controllers.filter(({ phase }) => phase === undefined).map(({ id }) => id)]).toEqual([
    undefined,
    [0, 1, 2],
  ]);
});
