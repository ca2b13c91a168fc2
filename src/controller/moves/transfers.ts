import type { ControllerId, GroupNumber } from '../../base/number-kinds.ts';
import { type Placement, type Sides, sidesOf } from '../../placement/agreed-placement.ts';
import { Keyspaces } from '../../placement/keyspaces.ts';
import type { KeyspaceSettings } from '../../placement/placement.ts';
import { movedSlots, type Reshard } from '../../placement/reshard.ts';
import { groupOfLevel } from '../group-plan.ts';

/**
 * The keys that a change of a keyspace takes from one group to another. A change of a prefix may have two of these, and
 * a change of the number of shards one for any two shards.
 */
export interface Transfer {
  readonly from: GroupNumber;
  readonly to: GroupNumber;
  readonly isOf: (key: string) => boolean;
  /** The controllers of each group; null for all. */
  readonly fromMembers: readonly ControllerId[] | null;
  readonly toMembers: readonly ControllerId[] | null;
}

/** The group that has the keys of this prefix, or this key, before the change, and the one that has them after it. */
export function groupsOf(sides: Sides, key: string): readonly [GroupNumber, GroupNumber] {
  const { before, after, broadcastApart } = sides;
  return [
    groupOfLevel(before.of(key).level, broadcastApart),
    groupOfLevel(after.of(key).level, broadcastApart),
  ];
}

/** What the move of this placement takes from group to group; nothing where no keys get another group. */
export function transfersOf(placement: Placement): readonly Transfer[] {
  const { keyspaces, move } = placement;
  if (move?.reshard !== undefined) return transfersOfSlots(placement, move.reshard);
  const sides = sidesOf(placement, keyspaces);
  const prefixes = [...keyspaces, move?.before, move?.after].flatMap((keyspace) => prefixOf(keyspace));
  const transfers = new Map<string, Transfer>();
  for (const prefix of prefixes) {
    const [from, to] = groupsOf(sides, prefix);
    if (from !== to) {
      const members = { fromMembers: null, toMembers: null };
      transfers.set(`${from} ${to}`, { from, to, isOf: isMoved(sides, from, to), ...members });
    }
  }
  return [...transfers.values()];
}

function transfersOfSlots({ keyspaces }: Placement, reshard: Reshard): readonly Transfer[] {
  const all = new Keyspaces(keyspaces);
  const isOfKeyspace = (key: string) => all.of(key).name === reshard.from.keyspace;
  return movedSlots(reshard).map(({ has, ...slots }) => {
    return { ...slots, isOf: (key: string) => has(key) && isOfKeyspace(key) };
  });
}

function isMoved(sides: Sides, from: GroupNumber, to: GroupNumber): Transfer['isOf'] {
  return (key) => {
    const [before, after] = groupsOf(sides, key);
    return before === from && after === to;
  };
}

function prefixOf(keyspace: KeyspaceSettings | null | undefined): readonly string[] {
  return keyspace == null ? [] : [keyspace.prefix];
}
