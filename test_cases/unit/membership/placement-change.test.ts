import { describe, expect, it } from 'vitest';
import {
  AgreedChange,
  type ChangeOutcome,
  type WantedChange,
} from '../../../src/membership/agreed-change.ts';
import { PlacementSpread } from '../../../src/membership/placement-spread.ts';
import { epochOf, type Placement, samePlacement } from '../../../src/placement/agreed-placement.ts';
import type { Level } from '../../../src/placement/level.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const placed = (epoch: number, level: Level): Placement => ({
  epoch,
  keyspaces: [{ name: 'default', prefix: '', level }],
  move: null,
});

const FIRST = placed(1, 'sequential');

/** A change from `from` to `to`, and what it was answered with. */
function changing(
  from: Placement | null,
  to: Placement,
  isFor: WantedChange<Placement>['isFor'] = () => true,
) {
  const change = new AgreedChange<Placement>({ same: samePlacement, epochOf });
  const outcomes: ChangeOutcome['kind'][] = [];
  change.begin({
    from,
    to,
    reason: 'test',
    deadlineMs: 100,
    isFor,
    done: ({ kind }) => outcomes.push(kind),
  });
  return { change, outcomes };
}

describe('a change of the placement', () => {
  it('is carried by a view that continues the placement it was made from, and by no other', () => {
    const { change } = changing(null, FIRST);
    expect(change.after(null, [])).toBe(FIRST);
    const other = placed(1, 'linearizability');
    expect(change.after(other, [])).toBe(other);
    expect(new AgreedChange<Placement>({ same: samePlacement, epochOf }).after(FIRST, [])).toBe(FIRST);
  });

  it('is answered when a view with it is installed', () => {
    const { change, outcomes } = changing(null, FIRST);
    change.onInstalled(null, []);
    expect(outcomes).toEqual([]);
    expect(change.reason).toBe('test');
    change.onInstalled({ ...FIRST }, []);
    expect(outcomes).toEqual(['installed']);
    expect([change.isUnderWay, change.reason]).toEqual([false, null]);
  });

  it('has not happened when another change from the same placement came first', () => {
    const { change, outcomes } = changing(FIRST, placed(2, 'linearizability'));
    change.onInstalled(placed(2, 'eventual'), []);
    expect(outcomes).toEqual(['overtaken']);
  });

  it('is given up when a view is installed of members that it is not for', () => {
    const { change, outcomes } = changing(null, FIRST, (members) => members.length === 2);
    const member = { node: 0, incarnation: 1 };
    change.onInstalled(null, [member, { ...member, node: 1 }]);
    expect(outcomes).toEqual([]);
    change.onInstalled(null, [member]);
    expect([outcomes, change.reason]).toEqual([['overtaken'], null]);
  });

  it('may have happened when there were more changes, and when time is over', () => {
    const later = changing(null, FIRST);
    later.change.onInstalled(placed(2, 'linearizability'), []);
    expect(later.outcomes).toEqual(['unknown']);
    const late = changing(null, FIRST);
    late.change.onTick(99);
    expect(late.outcomes).toEqual([]);
    late.change.onTick(100);
    late.change.onTick(101);
    late.change.onInstalled(FIRST, []);
    expect(late.outcomes).toEqual(['unknown']);
  });
});

describe('the controllers that may go by an older placement', () => {
  const view = (counter: number, placement: Placement | null, ...nodes: readonly number[]) => ({
    ballot: { counter, node: 0 },
    members: nodes.map((node) => ({ node, incarnation: 1 })),
    reason: '',
    placement,
    configuration: null,
  });

  it('are none while the cluster goes by its configuration', () => {
    const spread = new PlacementSpread(() => configurationOfSize(3));
    spread.onView(view(1, null, 0, 1));
    expect(spread.unaware).toEqual([]);
  });

  it('are those that were in no view with the placement', () => {
    const spread = new PlacementSpread(() => configurationOfSize(3));
    spread.onView(view(1, null, 0, 1, 2));
    spread.onView(view(2, FIRST, 0, 1));
    expect(spread.unaware).toEqual([2]);
    spread.onView(view(3, FIRST, 1, 2));
    expect(spread.unaware).toEqual([]);
    spread.onView(view(4, FIRST, 0, 1));
    expect(spread.unaware).toEqual([]);
    spread.onView(view(5, placed(2, 'linearizability'), 0, 1));
    expect(spread.unaware).toEqual([2]);
  });

  it('are those, too, that stop voting, since they may not know it', () => {
    const { controllers } = configurationOfSize(3);
    const leaving = controllers.map((one) => (one.id === 2 ? { ...one, phase: 'leaving' as const } : one));
    const spread = new PlacementSpread(() => ({ controllers: leaving }));
    spread.onView(view(1, FIRST, 0, 1));
    expect(spread.unaware).toEqual([2]);
  });

  it('are all after a restart, until a view tells', () => {
    const spread = new PlacementSpread(() => configurationOfSize(3));
    spread.onPlacement(FIRST);
    expect(spread.unaware).toEqual([0, 1, 2]);
  });
});
