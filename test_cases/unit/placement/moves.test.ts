import { describe, expect, it } from 'vitest';
import {
  type Move,
  movedOn,
  type Placement,
  placementFlaw,
  withBarrierLifted,
  withMove,
  withMoveCancelled,
} from '../../../src/placement/agreed-placement.ts';
import { hasReached, MOVE_STEPS } from '../../../src/placement/moving.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'sequential' };
const USERS: KeyspaceSettings = { name: 'users', prefix: 'user:', level: 'linearizability' };

const begun = withMove(null, [DEFAULT, USERS], { name: 'users', from: 'linearizability', to: 'eventual' });
const on = (placement: Placement) => movedOn(placement, placement.move!);
const levelOfUsers = ({ keyspaces }: Placement) => keyspaces.find(({ name }) => name === 'users')!.level;

describe('the move of a keyspace', () => {
  it('goes from phase to phase, and gives the keyspace its level with the last but one', () => {
    const steps = [begun, on(begun), on(on(begun)), on(on(on(begun)))];
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(steps.map(({ move }) => move?.phase)).toEqual(['preparing', 'barrier', 'settling', undefined]);
    expect(steps.map(levelOfUsers)).toEqual(['linearizability', 'linearizability', 'eventual', 'eventual']);
    expect(steps.map(placementFlaw)).toEqual([null, null, null, null]);
  });

  it('may go back from its barrier', () => {
    const lifted = withBarrierLifted(on(begun), on(begun).move!);
    expect(lifted).toEqual({ ...begun, epoch: 3 });
  });

  it('settles at the level before when it is cancelled', () => {
    const cancelled = withMoveCancelled(begun, begun.move!);
    expect(levelOfUsers(cancelled)).toBe('linearizability');
    expect(cancelled.move).toEqual({
      name: 'users',
      from: 'eventual',
      to: 'linearizability',
      phase: 'settling',
    });
    expect(placementFlaw(cancelled)).toBeNull();
    expect(on(cancelled)).toMatchObject({ epoch: 3, move: null });
  });

  it.each<[string, Partial<Move>, string]>([
    ['of no keyspace', { name: 'others' }, 'a keyspace is moved that there is not'],
    ['to no level', { to: 'x' as 'eventual' }, 'users is moved between levels that are none'],
    ['to where it is', { to: 'linearizability' }, 'users is moved between levels that are none'],
    ['in no phase', { phase: 'x' as 'barrier' }, 'the move of users is in no phase'],
    ['of another level', { from: 'causal' }, 'the level of users is not that of its move'],
    ['that is further', { phase: 'settling' }, 'the level of users is not that of its move'],
  ])('is refused when it is one %s', (_, change, flaw) => {
    expect(placementFlaw({ ...begun, move: { ...begun.move!, ...change } })).toBe(flaw);
  });

  it('has steps in one order', () => {
    for (const [i, step] of MOVE_STEPS.entries())
      for (const [j, other] of MOVE_STEPS.entries()) expect(hasReached(step, other)).toBe(i >= j);
  });
});
