import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, inOnePiece } from '../../../src/base/byte-writer.ts';
import { readPlacement, writePlacement } from '../../../src/peer/codecs/placement.ts';
import {
  mayBeWhole,
  movedOn,
  type Placement,
  placementFlaw,
  sameChange,
  samePlacement,
  shardsNamedIn,
  withBarrierLifted,
  withMoveCancelled,
  withReshard,
} from '../../../src/placement/agreed-placement.ts';
import { type AgreedShards, agreedShardsOf, shardsAsPlanned } from '../../../src/placement/agreed-shards.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';
import { concernsAll, groupsLeft, groupsOfSlots, movedSlots } from '../../../src/placement/reshard.ts';
import { movedShard, rebalanced, resharded } from '../../../src/placement/reshard-plans.ts';
import { plannedShards } from '../../../src/placement/shards.ts';
import { SLOTS } from '../../../src/placement/slots.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'eventual' };
const CARTS: KeyspaceSettings = { name: 'carts', prefix: 'c:', level: 'eventual' };
const KEYSPACES = [DEFAULT, CARTS];
const AGREED = agreedShardsOf(
  plannedShards(
    {
      sharded: [
        { name: 'default', shards: 3, replicas: 2 },
        { name: 'carts', shards: 2, replicas: 2 },
      ],
      zones: [],
    },
    6,
  ),
);
const CONTROLLERS = [0, 1, 2, 3, 4, 5];
const wish = {
  agreed: AGREED,
  keyspace: 'default',
  controllers: CONTROLLERS,
  zones: [],
  epoch: 1,
  isOrdered: false,
  stamp: 1,
};
const to = (shards: number) => resharded(wish, shards)!;
const BEGUN = withReshard(null, { keyspaces: KEYSPACES, shards: AGREED }, to(5));

describe('another number of shards', () => {
  it('leaves the shards that stay as they are, and gives new ones groups of their own', () => {
    const { from, to: after } = to(5);
    expect(from.groups).toEqual(AGREED.find(({ keyspace }) => keyspace === 'default')!.groups);
    expect(after.groups.slice(0, 3)).toEqual(from.groups);
    const numbers = [...after.groups, ...AGREED[0]!.groups].map(([group]) => group);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(after.places).toEqual(['0-of-3', '1-of-3', '2-of-3', '3-at-1', '4-at-1']);
    for (const [, ...members] of after.groups) expect(new Set(members).size).toBe(2);
  });

  it('spreads new shards over the controllers that have the fewest', () => {
    const loads = new Array<number>(6).fill(0);
    const others = AGREED.filter(({ keyspace }) => keyspace !== 'default');
    for (const { groups } of [to(4).to, ...others])
      for (const [, ...members] of groups) for (const member of members) loads[member]!++;
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
  });

  it('gives a shard that gets slots another group at an ordered level, and no other one', () => {
    const ordered = { ...wish, isOrdered: true };
    const numbersOf = ({ groups }: AgreedShards) => groups.map(([number]) => number);
    const before = numbersOf(to(3).from);
    const fewer = resharded(ordered, 2)!.to;
    expect(numbersOf(fewer).filter((number) => before.includes(number))).toEqual([]);
    expect(fewer.groups.map(([, ...ids]) => ids)).toEqual(to(2).to.groups.map(([, ...ids]) => ids));
    expect(fewer.places).toEqual(['0-at-1', '1-at-1']);
    expect(numbersOf(resharded(ordered, 5)!.to).slice(0, 3)).toEqual(before);
  });

  it('gives a shard that is made again another group and another name', () => {
    const first = to(4).to;
    const agreed = [...AGREED.filter(({ keyspace }) => keyspace !== 'default'), first];
    const back = resharded({ ...wish, agreed, epoch: 5 }, 3)!.to;
    expect(back).toEqual(AGREED.find(({ keyspace }) => keyspace === 'default'));
    const again = resharded({ ...wish, agreed: AGREED, epoch: 9, stamp: 9 }, 4)!.to;
    expect(again.groups[3]![0]).not.toBe(first.groups[3]![0]);
    expect(again.places![3]).not.toBe(first.places![3]);
  });

  it.each([1, 2, 4, 8])('to %i moves no more slots than it has to', (shards) => {
    const change = to(shards);
    const [before, after] = [groupsOfSlots(change.from), groupsOfSlots(change.to)];
    const moved = before.filter((group, slot) => group !== after[slot]).length;
    const leftAlone = Math.min(3, shards) / Math.max(3, shards);
    expect(moved).toBeLessThanOrEqual(Math.ceil(SLOTS * (1 - leftAlone)) + shards);
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    const routes = movedSlots(change);
    for (const key of keys) expect(routes.filter(({ has }) => has(key)).length).toBeLessThanOrEqual(1);
  });

  it('is not made where no group is left', () => {
    const many = ['a', 'b', 'c', 'd'].map((name) => ({ name, shards: 60, replicas: 1 }));
    const agreed = agreedShardsOf(plannedShards({ sharded: many, zones: [] }, 6));
    expect(resharded({ ...wish, agreed, keyspace: 'a' }, 61)).toBeNull();
  });

  it('tells which groups may have lost keys', () => {
    const after = AGREED.map((one) => (one.keyspace === 'default' ? to(5).to : one));
    expect([...groupsLeft(AGREED, after)].sort()).toEqual([18, 19, 20]);
    expect(groupsLeft(AGREED, AGREED).size).toBe(0);
  });
});

describe('other controllers for shards', () => {
  it('moves one shard, and leaves the others alone', () => {
    const change = movedShard(wish, 1, [5, 2])!;
    expect(change.to.groups.map(([, ...members]) => members)[1]).toEqual([2, 5]);
    expect([0, 2].map((shard) => change.to.groups[shard])).toEqual(
      [0, 2].map((at) => change.from.groups[at]),
    );
    expect(change.to.groups[1]![0]).not.toBe(change.from.groups[1]![0]);
    expect(change.to.places).toEqual(['0-of-3', '1-at-1', '2-of-3']);
    const [moved, ...others] = movedSlots(change);
    expect(others).toEqual([]);
    expect(moved).toMatchObject({ fromMembers: change.from.groups[1]!.slice(1), toMembers: [2, 5] });
    const again = movedShard({ ...wish, agreed: [change.to] }, 1, [2, 5])!;
    expect(again.to).toEqual(change.to);
  });

  const membersOf = ({ groups }: AgreedShards) => groups.map(([, ...members]) => members);
  const loadsOf = (all: readonly AgreedShards[], controllers: readonly number[]) =>
    controllers.map((id) => all.flatMap(membersOf).filter((members) => members.includes(id)).length);

  it('spreads the shards evenly over the controllers that there are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2, max: 24 }),
        fc.integer({ min: 3, max: 7 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 3, maxLength: 7 }),
        (replicas, shards, founders, controllers) => {
          const sharded = [{ name: 'default', shards, replicas }];
          const agreed = agreedShardsOf(plannedShards({ sharded, zones: [] }, founders));
          const { from, to: after } = rebalanced({ ...wish, agreed, controllers })!;
          const loads = loadsOf([after], controllers);
          expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
          for (const [shard, members] of membersOf(after).entries()) {
            expect(new Set(members).size).toBe(replicas);
            expect(members.every((id) => controllers.includes(id))).toBe(true);
            expect(members).toEqual(members.toSorted((a, b) => a - b));
            if (members.join() === membersOf(from)[shard]!.join())
              expect(after.groups[shard]).toEqual(from.groups[shard]);
          }
          const shard = shardsAsPlanned([after]);
          expect(new Set(shard.map(({ place }) => place)).size).toBe(shards);
          const again = rebalanced({ ...wish, agreed: [after], controllers, epoch: 2 })!;
          expect(again.to).toEqual(after);
        },
      ),
    );
  });

  it('moves no more replicas than the controllers that come have to get', () => {
    const sharded = [{ name: 'default', shards: 12, replicas: 1 }];
    const agreed = agreedShardsOf(plannedShards({ sharded, zones: [] }, 3));
    const { from, to: after } = rebalanced({ ...wish, agreed, controllers: [0, 1, 2, 3] })!;
    const moved = after.groups.filter((group, shard) => group !== from.groups[shard]);
    expect(moved.map(([, ...members]) => members)).toEqual([[3], [3], [3]]);
  });

  it('counts the shards of other keyspaces, and keeps replicas in different zones', () => {
    const zones = ['a', 'a', 'b', 'b'];
    const sharded = [
      { name: 'carts', shards: 4, replicas: 1 },
      { name: 'default', shards: 4, replicas: 2 },
    ];
    const agreed = agreedShardsOf(plannedShards({ sharded, zones: ['a', 'b'] }, 2));
    const controllers = [0, 1, 2, 3];
    const { to: after } = rebalanced({ ...wish, agreed, controllers, zones })!;
    for (const members of membersOf(after)) expect(new Set(members.map((id) => zones[id])).size).toBe(2);
    // One replica of each shard is in each zone, and the other keyspace is in zone a alone.
    expect(loadsOf([agreed[0]!, after], controllers)).toEqual([4, 4, 2, 2]);
  });
});

describe('a placement by which slots move', () => {
  const behind = movedOn(BEGUN, BEGUN.move!, 5);
  const settling = movedOn(behind, behind.move!, 5);
  const shardsOf = ({ shards }: Placement) => shards!.find(({ keyspace }) => keyspace === 'default')!.shards;

  it('serves by the shards before up to the barrier, and by those after from then on', () => {
    const lifted = withBarrierLifted(behind, behind.move!);
    const done = movedOn(settling, settling.move!, 5);
    expect([BEGUN, behind, lifted].map(shardsOf)).toEqual([3, 3, 3]);
    expect([settling, done].map(shardsOf)).toEqual([5, 5]);
    expect(lifted.move).toEqual(BEGUN.move);
    expect(done.move).toBeNull();
    for (const placement of [BEGUN, behind, lifted, settling, done])
      expect(placementFlaw(placement)).toBeNull();
    expect(shardsNamedIn(done)).toEqual(done.shards);
    expect(shardsNamedIn(settling).map(({ shards }) => shards)).toContain(3);
  });

  it('goes back by the way that it came when it is cancelled', () => {
    const cancelled = withMoveCancelled(BEGUN, BEGUN.move!);
    expect(shardsOf(cancelled)).toBe(3);
    expect(cancelled.move!.reshard).toEqual({ from: to(5).to, to: to(5).from });
    expect(placementFlaw(cancelled)).toBeNull();
  });

  it('goes over a link and come back, in every phase', () => {
    const done = movedOn(settling, settling.move!, 5);
    for (const placement of [BEGUN, behind, settling, done]) {
      const writer = new ByteWriter();
      writePlacement(writer, placement);
      const read = readPlacement(new ByteReader(inOnePiece(writer.finish())));
      expect(samePlacement(read, placement)).toBe(true);
      expect(read.move?.reshard).toEqual(placement.move?.reshard);
    }
  });

  it('tells a move of one shard from another move of it', () => {
    const moving = (members: readonly number[]) =>
      withReshard(null, { keyspaces: KEYSPACES, shards: AGREED }, movedShard(wish, 1, members)!);
    const [one, other] = [moving([0, 3]), moving([0, 2])];
    expect(sameChange(one.move!, moving([0, 3]).move!)).toBe(true);
    expect(sameChange(one.move!, other.move!)).toBe(false);
    expect(sameChange(one.move!, withMoveCancelled(one, one.move!).move!)).toBe(false);
  });

  it('is refused when it contradicts itself', () => {
    const { move } = BEGUN;
    const flawOf = (change: object) => placementFlaw({ ...BEGUN, move: { ...move!, ...change } });
    expect(flawOf({ reshard: { from: to(5).to, to: to(5).from } })).toBe(
      'the shards of default are not those of its move',
    );
    expect(flawOf({ reshard: { ...to(5), to: AGREED[0] } })).toBe(
      'default gets other shards, and is changed',
    );
    expect(flawOf({ phase: 'settling' })).toBe('the shards of default are not those of its move');
    expect(flawOf({ reshard: { ...to(5), to: { ...to(5).to, groups: [] } } })).toBe(
      'the number of shards of default is not that of their groups',
    );
  });
});

describe('the first shards of a keyspace', () => {
  const configured = { keyspaces: KEYSPACES, shards: [] };
  const first = { ...wish, agreed: [], whole: { group: 1, replicas: 2 } };
  const reshard = resharded(first, 3)!;
  const begun = withReshard(null, configured, reshard);
  const behind = movedOn(begun, begun.move!, 5);
  const settling = movedOn(behind, behind.move!, 5);
  const done = movedOn(settling, settling.move!, 5);
  const cancelled = withMoveCancelled(begun, begun.move!);

  it('are on as many controllers as is asked for, and serve from the last phase on', () => {
    expect(reshard.from).toEqual({ keyspace: 'default', shards: 1, groups: [[1]] });
    expect(reshard.to.groups.map(([, ...members]) => members)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    for (const placement of [begun, behind, cancelled]) expect(placement.shards).toBeUndefined();
    for (const placement of [settling, done]) expect(placement.shards).toEqual([reshard.to]);
    for (const placement of [begun, behind, settling, done, cancelled])
      expect(placementFlaw(placement)).toBeNull();
    expect(shardsNamedIn(begun)).toEqual([reshard.to]);
    expect([begun, done].map((one) => mayBeWhole(one, 'default'))).toEqual([true, false]);
  });

  it('take all keys from all controllers', () => {
    const moved = movedSlots(reshard);
    expect(moved.map(({ from, fromMembers }) => [from, fromMembers])).toEqual([
      [1, null],
      [1, null],
      [1, null],
    ]);
    expect(moved.map(({ toMembers }) => toMembers).sort()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(concernsAll(reshard)).toBe(true);
    expect(concernsAll(to(5))).toBe(false);
  });

  it('come after those of other keyspaces by their name', () => {
    const beside = resharded({ ...wish, keyspace: 'other', whole: { group: 1, replicas: 2 } }, 2)!;
    const other = { name: 'other', prefix: 'o:', level: 'eventual' } as const;
    const moving = withReshard(null, { keyspaces: [...KEYSPACES, other], shards: AGREED }, beside);
    const barrier = movedOn(moving, moving.move!, 5);
    const after = movedOn(barrier, barrier.move!, 5);
    expect(after.shards!.map(({ keyspace }) => keyspace)).toEqual(['carts', 'default', 'other']);
    expect(placementFlaw(after)).toBeNull();
  });

  it('go over a link and come back', () => {
    for (const placement of [begun, behind, settling, done, cancelled]) {
      const writer = new ByteWriter();
      writePlacement(writer, placement);
      expect(samePlacement(readPlacement(new ByteReader(inOnePiece(writer.finish()))), placement)).toBe(true);
    }
  });

  it('are refused when they contradict themselves', () => {
    const flawOf = (from: AgreedShards) =>
      placementFlaw({ ...begun, move: { ...begun.move!, reshard: { ...reshard, from } } });
    expect(flawOf({ keyspace: 'default', shards: 1, groups: [[1, 2]] })).toBe(
      'the group of default is not one of a level',
    );
    expect(flawOf({ keyspace: 'default', shards: 1, groups: [] })).toBe(
      'the shards of default are not those of its move',
    );
    expect(flawOf(reshard.to)).toBe('the shards of default are not those of its move');
  });
});
