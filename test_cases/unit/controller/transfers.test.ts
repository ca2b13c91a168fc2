import { describe, expect, it } from 'vitest';
import { transfersOf } from '../../../src/controller/moves/transfers.ts';
import { movedOn, withMove, withMoveCancelled } from '../../../src/placement/agreed-placement.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'sequential' };
const AB: KeyspaceSettings = { name: 'ab', prefix: 'ab', level: 'eventual' };
const ABCD: KeyspaceSettings = { name: 'abcd', prefix: 'abcd', level: 'causal' };

const KEYS = ['a', 'ab1', 'abc1', 'abcd1', 'x1'];

/** Which of the keys go from which group to which. */
function movesOf(
  keyspaces: readonly KeyspaceSettings[],
  before: KeyspaceSettings | null,
  after: KeyspaceSettings | null,
): Record<string, string[]> {
  return keysIn(withMove(null, { keyspaces, shards: [] }, { before, after }));
}

function keysIn(placement: Parameters<typeof transfersOf>[0]): Record<string, string[]> {
  const transfers = transfersOf(placement);
  return Object.fromEntries(transfers.map(({ from, to, isOf }) => [`${from}>${to}`, KEYS.filter(isOf)]));
}

describe('the keys that a change takes from group to group', () => {
  it('are those of the keyspace, when it gets a level of another scheme', () => {
    expect(movesOf([DEFAULT, AB, ABCD], AB, { ...AB, level: 'causal' })).toEqual({ '1>2': ['ab1', 'abc1'] });
    expect(movesOf([DEFAULT, AB], DEFAULT, { ...DEFAULT, level: 'linearizability' })).toEqual({});
  });

  it('are those with the new prefix and no longer one, when a keyspace is added', () => {
    expect(movesOf([DEFAULT, ABCD], null, AB)).toEqual({ '0>1': ['ab1', 'abc1'] });
    expect(movesOf([DEFAULT, AB], null, ABCD)).toEqual({ '1>2': ['abcd1'] });
    expect(movesOf([DEFAULT, AB], null, { ...ABCD, level: 'eventual' })).toEqual({});
  });

  it('go to the keyspace with the next shorter prefix, when theirs is removed', () => {
    expect(movesOf([DEFAULT, AB, ABCD], ABCD, null)).toEqual({ '2>1': ['abcd1'] });
    expect(movesOf([DEFAULT, AB, ABCD], AB, null)).toEqual({ '1>0': ['ab1', 'abc1'] });
  });

  it('go both ways, when a keyspace gets another prefix', () => {
    const other = { ...AB, prefix: 'x' };
    expect(movesOf([DEFAULT, AB], AB, other)).toEqual({ '1>0': ['ab1', 'abc1', 'abcd1'], '0>1': ['x1'] });
    expect(movesOf([DEFAULT, AB], AB, { ...AB, prefix: 'abc' })).toEqual({ '1>0': ['ab1'] });
    expect(movesOf([DEFAULT, AB, ABCD], AB, { ...AB, prefix: 'a' })).toEqual({ '0>1': ['a'] });
  });

  it('are the same in each phase, and go back when the change is cancelled', () => {
    const begun = withMove(null, { keyspaces: [DEFAULT, AB], shards: [] }, { before: null, after: ABCD });
    const barrier = movedOn(begun, begun.move!, 0);
    for (const placement of [begun, barrier, movedOn(barrier, barrier.move!, 0)])
      expect(keysIn(placement)).toEqual({ '1>2': ['abcd1'] });
    expect(keysIn(withMoveCancelled(barrier, barrier.move!))).toEqual({ '2>1': ['abcd1'] });
  });
});
