import { describe, expect, it } from 'vitest';
import {
  epochOf,
  type Placement,
  placementFlaw,
  samePlacement,
  withChange,
} from '../../../src/placement/agreed-placement.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'linearizability' };
const USERS: KeyspaceSettings = { name: 'users', prefix: 'user:', level: 'sequential' };

describe('a placement', () => {
  it('begins with the configuration, and each change takes the next epoch', () => {
    const first = withChange(
      null,
      { keyspaces: [DEFAULT, USERS], shards: [] },
      {
        before: DEFAULT,
        after: { ...DEFAULT, level: 'sequential' },
      },
    );
    expect(first).toEqual({ epoch: 1, keyspaces: [{ ...DEFAULT, level: 'sequential' }, USERS], move: null });
    const second = withChange(
      first,
      { keyspaces: [DEFAULT], shards: [] },
      {
        before: USERS,
        after: { ...USERS, level: 'linearizability' },
      },
    );
    expect(second.epoch).toBe(2);
    expect(second.keyspaces.map(({ level }) => level)).toEqual(['sequential', 'linearizability']);
    expect([null, first, second].map(epochOf)).toEqual([0, 1, 2]);
  });

  it('is the same as another one by its content, whatever order the fields stand in', () => {
    const one: Placement = { epoch: 1, keyspaces: [DEFAULT], move: null };
    const read = JSON.parse(
      '{"keyspaces":[{"level":"linearizability","prefix":"","name":"default"}],"move":null,"epoch":1}',
    );
    expect(samePlacement(one, read)).toBe(true);
    expect(samePlacement(one, { ...one, epoch: 2 })).toBe(false);
    expect(samePlacement(one, { epoch: 1, keyspaces: [USERS], move: null })).toBe(false);
    expect(samePlacement(one, null)).toBe(false);
    expect(samePlacement(null, null)).toBe(true);
  });
});

describe('what a peer or a file calls a placement', () => {
  const flawOf = (change: Partial<Placement>) =>
    placementFlaw({ epoch: 1, keyspaces: [DEFAULT], move: null, ...change });
  const named = (name: string) => ({ keyspaces: [{ ...DEFAULT, name }] });
  const many = Array.from({ length: 2_400 }, (_, i) => ({ ...USERS, name: `n${i}`, prefix: `${i}` }));

  it('is taken when it is one', () => {
    expect(flawOf({})).toBeNull();
    expect(flawOf({ epoch: Number.MAX_SAFE_INTEGER, keyspaces: [USERS, DEFAULT] })).toBeNull();
  });

  it.each<[string, Partial<Placement>, string]>([
    ['no epoch', { epoch: 0 }, 'a placement has the epoch 0'],
    ['a broken epoch', { epoch: 1.5 }, 'a placement has the epoch 1.5'],
    ['no keyspaces', { keyspaces: [] }, 'no keyspace has the empty prefix'],
    ['no default', { keyspaces: [USERS] }, 'no keyspace has the empty prefix'],
    ['an empty name', named(''), 'the name of a keyspace is no word'],
    ['a name that a terminal obeys', named('\x1b[2J'), 'the name of a keyspace is no word'],
    ['a long name', named('x'.repeat(33)), 'the name of a keyspace is no word'],
    [
      'a prefix with a space',
      { keyspaces: [DEFAULT, { ...USERS, prefix: 'a b' }] },
      'the prefix of users is no part of a key',
    ],
    [
      'an unknown level',
      { keyspaces: [{ ...DEFAULT, level: 'x' as 'eventual' }] },
      'the level of default is unknown',
    ],
    [
      'a name twice',
      { keyspaces: [DEFAULT, { ...USERS, name: 'default' }] },
      'two keyspaces have the same name',
    ],
    [
      'a prefix twice',
      { keyspaces: [DEFAULT, { ...USERS, prefix: '' }] },
      'two keyspaces have the same prefix',
    ],
    ['too many', { keyspaces: [DEFAULT, ...many] }, 'a placement is too large'],
  ])('is refused with %s', (_, change, flaw) => {
    expect(flawOf(change)).toBe(flaw);
  });
});
