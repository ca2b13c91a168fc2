import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, inOnePiece } from '../../../src/base/byte-writer.ts';
import { readPlacement, writePlacement } from '../../../src/peer/codecs/placement.ts';
import {
  movedOn,
  type Placement,
  placementFlaw,
  samePlacement,
  withBarrierLifted,
  withChange,
  withMove,
  withMoveCancelled,
} from '../../../src/placement/agreed-placement.ts';
import { type AgreedShards, agreedShardsOf, shardsAsPlanned } from '../../../src/placement/agreed-shards.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';
import { plannedShards, shardsText } from '../../../src/placement/shards.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'eventual' };
const CARTS: KeyspaceSettings = { name: 'carts', prefix: 'c:', level: 'causal' };
const KEYSPACES = [DEFAULT, CARTS];
const planOf = (controllers: number) =>
  plannedShards({ sharded: [{ name: 'default', shards: 3, replicas: 2 }], zones: [] }, controllers);
const SHARDS = agreedShardsOf(planOf(6));
const OTHERS = agreedShardsOf(planOf(4));
const CHANGE = { before: CARTS, after: { ...CARTS, level: 'eventual' as const } };
const FIRST = withChange(null, { keyspaces: KEYSPACES, shards: SHARDS }, CHANGE);

describe('the shards of a placement', () => {
  it('are the plan of the configuration at the first change', () => {
    const groups = [
      [16, 0, 1],
      [17, 2, 3],
      [18, 4, 5],
    ];
    expect(FIRST.shards).toEqual([{ keyspace: 'default', shards: 3, groups }]);
    expect(shardsAsPlanned(FIRST.shards!)).toEqual(planOf(6));
  });

  it('stay whatever is configured later, through every step of a move', () => {
    const configured = { keyspaces: KEYSPACES, shards: OTHERS };
    expect(OTHERS).not.toEqual(SHARDS);
    expect(withChange(FIRST, configured, CHANGE).shards).toEqual(SHARDS);
    const begun = withMove(FIRST, configured, CHANGE);
    const behind = movedOn(begun, begun.move!, 5);
    const settling = movedOn(behind, behind.move!, 5);
    const done = movedOn(settling, settling.move!, 5);
    const back = [withBarrierLifted(behind, behind.move!), withMoveCancelled(begun, begun.move!)];
    for (const { shards } of [begun, behind, settling, done, ...back]) expect(shards).toEqual(SHARDS);
  });

  it('are taken from the configuration where a release before did not agree on them', () => {
    const older: Placement = { epoch: 4, keyspaces: KEYSPACES, move: null };
    expect(withChange(older, { keyspaces: [], shards: SHARDS }, CHANGE).shards).toEqual(SHARDS);
    expect(withChange(older, { keyspaces: [], shards: [] }, CHANGE)).not.toHaveProperty('shards');
  });

  it('go over a link and come back, in every phase', () => {
    const begun = withMove(FIRST, { keyspaces: KEYSPACES, shards: [] }, CHANGE);
    const { broadcastApart: _, ...inRoot } = FIRST;
    for (const placement of [FIRST, inRoot, begun, movedOn(begun, begun.move!, 5)]) {
      const writer = new ByteWriter();
      writePlacement(writer, placement);
      expect(readPlacement(new ByteReader(inOnePiece(writer.finish())))).toEqual(placement);
    }
  });

  it('have their own bytes', () => {
    const writer = new ByteWriter();
    const shards = [
      {
        keyspace: 'default',
        shards: 2,
        groups: [
          [16, 0],
          [17, 1, 2],
        ],
      },
    ];
    writePlacement(writer, { epoch: 1, keyspaces: [DEFAULT], move: null, shards });
    expect(inOnePiece(writer.finish()).toString('hex')).toMatchInlineSnapshot(
      `"0000000000000001000000010000000764656661756c740000000002fd000000010000000764656661756c740000000200000002100000000003110102"`,
    );
  });

  it('make two placements different', () => {
    expect(samePlacement(FIRST, { ...FIRST, shards: JSON.parse(JSON.stringify(SHARDS)) })).toBe(true);
    expect(samePlacement(FIRST, { ...FIRST, shards: OTHERS })).toBe(false);
  });

  it('fit a placement with as many groups as there can be', () => {
    const sharded = ['a', 'b', 'c', 'd'].map((name) => ({ name, shards: 60, replicas: 5 }));
    const shards = agreedShardsOf(plannedShards({ sharded, zones: [] }, 16));
    const keyspaces = [DEFAULT, ...sharded.map(({ name }) => ({ ...CARTS, name, prefix: name }))];
    expect(placementFlaw({ epoch: 1, keyspaces, move: null, shards })).toBeNull();
  });
});

describe('what a peer or a file calls shards', () => {
  const one = (change: object) => [{ ...SHARDS[0]!, ...change } as AgreedShards];
  const [first, second, third] = SHARDS[0]!.groups;
  it.each<[string, readonly AgreedShards[], string]>([
    ['none', [], 'a placement has an empty list of shards'],
    ['no list', {} as [], 'a placement has an empty list of shards'],
    ['those of no keyspace', one({ keyspace: 'x' }), 'there are shards of no keyspace'],
    ['those of a keyspace twice', [...SHARDS, ...SHARDS], 'the shards of a keyspace are there twice'],
    [
      'too few',
      one({ groups: [first, second] }),
      'the number of shards of default is not that of their groups',
    ],
    [
      'a number that is none',
      one({ shards: 0, groups: [] }),
      'the number of shards of default is not that of their groups',
    ],
    ['names that are missing', one({ places: ['0-of-3'] }), 'a shard of default has no name'],
    ['a name twice', one({ places: ['0-of-3', '0-of-3', '2-at-4'] }), 'a shard of default has no name'],
    [
      'a name that is a path',
      one({ places: ['0-of-3', '../x', '2-at-4'] }),
      'a shard of default has no name',
    ],
    ['no groups', one({ groups: null }), 'the number of shards of default is not that of their groups'],
    ['a group of a level', one({ groups: [[3, 0], second, third] }), 'a shard of default has no group'],
    ['a group of nobody', one({ groups: [[16], second, third] }), 'a shard of default has no group'],
    ['a member twice', one({ groups: [[16, 1, 1], second, third] }), 'a shard of default has no group'],
    ['an id too large', one({ groups: [[16, 1_024], second, third] }), 'a shard of default has no group'],
    ['a group twice', one({ groups: [first, first, third] }), 'two shards have the same group'],
  ])('is refused when it is %s', (_, shards, flaw) => {
    expect(placementFlaw({ epoch: 1, keyspaces: KEYSPACES, move: null, shards })).toBe(flaw);
  });
});

it('two controllers with other groups of shards do not say the same of them', () => {
  const [six, four] = [planOf(6), planOf(4)].map((plan) => shardsText(plan, ['a', 'b']));
  expect(six).toMatch(/^shards=default\/3x2 zones=a,b groups=[0-9a-f]{1,8}$/);
  expect(four).not.toBe(six);
  expect(shardsText([], ['a', 'b'])).toBe('');
});
