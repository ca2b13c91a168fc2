import { describe, expect, it } from 'vitest';
import {
  type KeyspaceChange,
  type Move,
  movedOn,
  type Placement,
  placementFlaw,
  sidesOf,
  withBarrierLifted,
  withChange,
  withMove,
  withMoveCancelled,
} from '../../../src/placement/agreed-placement.ts';
import { hasReached, MOVE_STEPS } from '../../../src/placement/moving.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'sequential' };
const USERS: KeyspaceSettings = { name: 'users', prefix: 'user:', level: 'linearizability' };
const CARTS: KeyspaceSettings = { name: 'carts', prefix: 'cart:', level: 'causal' };

const LEVEL: KeyspaceChange = { before: USERS, after: { ...USERS, level: 'eventual' } };
const CHANGES: readonly (readonly [string, KeyspaceChange])[] = [
  ['another level', LEVEL],
  ['one more keyspace', { before: null, after: CARTS }],
  ['one keyspace less', { before: USERS, after: null }],
  ['another prefix', { before: USERS, after: { ...USERS, prefix: 'u' } }],
];

const on = (placement: Placement) => movedOn(placement, placement.move!, 1_000);

describe.each(CHANGES)('a move: %s', (_, change) => {
  const begun = withMove(null, { keyspaces: [DEFAULT, USERS], shards: [] }, change);
  const changed = withChange(null, { keyspaces: [DEFAULT, USERS], shards: [] }, change).keyspaces;

  it('goes from phase to phase, and the keyspaces are the new ones from the last but one on', () => {
    const steps = [begun, on(begun), on(on(begun)), on(on(on(begun)))];
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(steps.map(({ move }) => move?.phase)).toEqual(['preparing', 'barrier', 'settling', undefined]);
    expect(steps.map(({ keyspaces }) => keyspaces)).toEqual([
      [DEFAULT, USERS],
      [DEFAULT, USERS],
      changed,
      changed,
    ]);
    expect(steps.map(placementFlaw)).toEqual([null, null, null, null]);
  });

  it('has the same two sides in every phase', () => {
    for (const placement of [begun, on(begun), on(on(begun))]) {
      const { before, after } = sidesOf(placement, []);
      for (const key of ['a', 'user:1', 'u', 'cart:1']) {
        expect(before.of(key).name).toBe(key.startsWith('user:') ? 'users' : 'default');
        const sides = sidesOf(withChange(null, { keyspaces: [DEFAULT, USERS], shards: [] }, change), []);
        expect(after.of(key)).toEqual(sides.after.of(key));
      }
    }
  });

  it('may go back from its barrier', () => {
    expect(withBarrierLifted(on(begun), on(begun).move!)).toEqual({ ...begun, epoch: 3 });
  });

  it('settles as it was when it is cancelled', () => {
    const cancelled = withMoveCancelled(begun, begun.move!);
    expect(cancelled.keyspaces).toEqual([DEFAULT, USERS]);
    expect(cancelled.move).toEqual({ before: change.after, after: change.before, phase: 'settling' });
    expect(placementFlaw(cancelled)).toBeNull();
    expect(on(cancelled)).toEqual({ epoch: 3, keyspaces: [DEFAULT, USERS], move: null });
  });
});

describe('what is no move', () => {
  const begun = withMove(null, { keyspaces: [DEFAULT, USERS], shards: [] }, LEVEL);

  it.each<[string, Partial<Move>, string]>([
    ['of no keyspace', { before: null, after: null }, 'a move is of no keyspace'],
    [
      'of one that there is not',
      { before: CARTS, after: null },
      'the keyspace carts is not that of its move',
    ],
    ['in no phase', { phase: 'x' as 'barrier' }, 'the move of users is in no phase'],
    [
      'from another level',
      { before: { ...USERS, level: 'causal' } },
      'the keyspace users is not that of its move',
    ],
    ['that is further', { phase: 'settling' }, 'the keyspace users is not that of its move'],
    ['to another name', { after: { ...USERS, name: 'others' } }, 'the move of others renames it'],
    ['to no level', { after: { ...USERS, level: 'x' as 'causal' } }, 'the level of users is unknown'],
    ['to the prefix of another', { after: { ...USERS, prefix: '' } }, 'two keyspaces have the same prefix'],
  ])('is refused when it is one %s', (_, change, flaw) => {
    expect(placementFlaw({ ...begun, move: { ...begun.move!, ...change } })).toBe(flaw);
  });

  it('has steps in one order', () => {
    for (const [i, step] of MOVE_STEPS.entries())
      for (const [j, other] of MOVE_STEPS.entries()) expect(hasReached(step, other)).toBe(i >= j);
  });
});
