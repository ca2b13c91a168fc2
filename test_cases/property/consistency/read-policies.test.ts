import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOfLevel } from '../../../src/consistency/level-requests.ts';
import { POLICIES, readPolicyOf, type ServedKeyspace } from '../../../src/consistency/policies.ts';
import { LEVELS, type Level, letterOf } from '../../../src/placement/level.ts';
import { groupWith } from '../../support/serving-group.ts';

/** The whole table, by hand: the level that serves, by the level of the keyspace, and the level that is asked for. */
const SERVED: Readonly<Record<Level, Readonly<Record<Level, Level>>>> = {
  linearizability: {
    linearizability: 'linearizability',
    sequential: 'sequential',
    causal: 'sequential',
    eventual: 'sequential',
  },
  sequential: {
    linearizability: 'sequential',
    sequential: 'sequential',
    causal: 'sequential',
    eventual: 'sequential',
  },
  causal: { linearizability: 'causal', sequential: 'causal', causal: 'causal', eventual: 'eventual' },
  eventual: {
    linearizability: 'eventual',
    sequential: 'eventual',
    causal: 'eventual',
    eventual: 'eventual',
  },
};

const level = fc.constantFrom(...LEVELS);
const keyspaceAt = (own: Level): ServedKeyspace => ({
  name: 'default',
  prefix: '',
  level: own,
  policy: POLICIES[own],
  group: groupWith(null as never),
  hold: 'nothing',
  elsewhere: null,
  shards: null,
});
const strengthOf = (one: Level) => -LEVELS.indexOf(one);

describe('the level that serves a read', () => {
  it('is as in the table, and that of the keyspace where none is asked for', () => {
    fc.assert(
      fc.property(level, level, (own, asked) => {
        const keyspace = keyspaceAt(own);
        expect(readPolicyOf(keyspace, asked).level).toBe(SERVED[own][asked]);
        expect(readPolicyOf(keyspace, null)).toBe(keyspace.policy);
      }),
    );
  });

  it('is never stronger than the keyspace, and never weaker than both', () => {
    fc.assert(
      fc.property(level, level, (own, asked) => {
        const served = strengthOf(readPolicyOf(keyspaceAt(own), asked).level);
        expect(served).toBeLessThanOrEqual(strengthOf(own));
        expect(served).toBeGreaterThanOrEqual(Math.min(strengthOf(own), strengthOf(asked)));
      }),
    );
  });

  it('is refused to a read of its own level exactly if it is stronger than the keyspace', () => {
    fc.assert(
      fc.property(level, level, (own, asked) => {
        const refused = refusalOfLevel(letterOf(asked), own) !== null;
        expect(refused).toBe(strengthOf(asked) > strengthOf(own));
      }),
    );
  });
});
