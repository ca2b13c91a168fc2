import { isPlacedLevel, type PlacedLevel } from './placed-level.ts';
import type { KeyspaceSettings } from './placement.ts';

/**
 * Which keyspace has which level, as the controllers agree on it. Each change of a placement is a new placement
 * with the next epoch.
 *
 * A cluster whose levels were never changed while it ran has none of these: it goes by the configuration. From
 * the first change on the placement wins over the configuration.
 */
export interface Placement {
  /** 1 for the first placement. */
  readonly epoch: number;
  /** All keyspaces of the cluster, the default one among them. */
  readonly keyspaces: readonly KeyspaceSettings[];
  /** The keyspace that is being moved from one group to another; null when none is. */
  readonly move: Move | null;
}

/**
 * How far a move is. `preparing`: the group of the level before serves, and each controller copies its records to the
 * other group. `barrier`: the same, but no write of the keyspace is taken. `settling`: the group of the keyspace's
 * level serves, and the records in the other group are forgotten.
 */
export type MovePhase = 'preparing' | 'barrier' | 'settling';

/** The move of a keyspace between two levels whose groups differ. */
export interface Move {
  /** The name of the keyspace. */
  readonly name: string;
  readonly from: PlacedLevel;
  readonly to: PlacedLevel;
  readonly phase: MovePhase;
}

/** The bytes that a placement may take as JSON, so that the record of views fits its place on disk. */
export const PLACEMENT_BYTES_MAX = 8_192;

const NAME = /^[\w-]{1,32}$/;

/** @param configured the keyspaces that the cluster goes by while it has no placement */
export function withLevel(
  placement: Placement | null,
  configured: readonly KeyspaceSettings[],
  name: string,
  level: PlacedLevel,
): Placement {
  const keyspaces = (placement?.keyspaces ?? configured).map((keyspace) =>
    keyspace.name === name ? { ...keyspace, level } : keyspace,
  );
  return { epoch: epochOf(placement) + 1, keyspaces, move: null };
}

/** The keyspace is going to be moved. Only while no other move is under way. */
export function withMove(
  placement: Placement | null,
  configured: readonly KeyspaceSettings[],
  { name, from, to }: Omit<Move, 'phase'>,
): Placement {
  const keyspaces = placement?.keyspaces ?? configured;
  return { epoch: epochOf(placement) + 1, keyspaces, move: { name, from, to, phase: 'preparing' } };
}

/** The placement after the next step of the move. */
export function movedOn(placement: Placement, { phase, ...move }: Move): Placement {
  switch (phase) {
    case 'preparing':
      return { ...placement, epoch: placement.epoch + 1, move: { ...move, phase: 'barrier' } };
    case 'barrier':
      return {
        ...withLevel(placement, placement.keyspaces, move.name, move.to),
        move: { ...move, phase: 'settling' },
      };
    case 'settling':
      return { ...placement, epoch: placement.epoch + 1, move: null };
  }
}

/** Writes are taken by the group of the level before again, and the copies begin anew. */
export function withBarrierLifted(placement: Placement, move: Move): Placement {
  return { ...placement, epoch: placement.epoch + 1, move: { ...move, phase: 'preparing' } };
}

/** The level before stays. What was copied is forgotten. Only until the move is settling. */
export function withMoveCancelled(placement: Placement, { name, from, to }: Move): Placement {
  return { ...placement, epoch: placement.epoch + 1, move: { name, from: to, to: from, phase: 'settling' } };
}

/** 0 where there is no placement. */
export function epochOf(placement: Placement | null): number {
  return placement?.epoch ?? 0;
}

export function samePlacement(a: Placement | null, b: Placement | null): boolean {
  return a === b || JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

/** @returns what makes this no placement, in words; null when it is one */
export function placementFlaw({ epoch, keyspaces, move }: Placement): string | null {
  if (!Number.isSafeInteger(epoch) || epoch < 1) return `a placement has the epoch ${epoch}`;
  if (JSON.stringify(keyspaces).length > PLACEMENT_BYTES_MAX) return 'a placement is too large';
  for (const { name, prefix, level } of keyspaces) {
    if (!NAME.test(name)) return 'the name of a keyspace is no word';
    if (!/^[\x21-\x7e\x80-\xff]*$/.test(prefix)) return `the prefix of ${name} is no part of a key`;
    if (!isPlacedLevel(level)) return `the level of ${name} is unknown`;
  }
  const distinct = (values: readonly string[]) => new Set(values).size === keyspaces.length;
  if (!distinct(keyspaces.map(({ name }) => name))) return 'two keyspaces have the same name';
  if (!distinct(keyspaces.map(({ prefix }) => prefix))) return 'two keyspaces have the same prefix';
  if (!keyspaces.some(({ prefix }) => prefix === '')) return 'no keyspace has the empty prefix';
  return move === null ? null : moveFlaw(move, keyspaces);
}

function moveFlaw({ name, from, to, phase }: Move, keyspaces: readonly KeyspaceSettings[]): string | null {
  const level = keyspaces.find((keyspace) => keyspace.name === name)?.level;
  if (level === undefined) return 'a keyspace is moved that there is not';
  if (!isPlacedLevel(from) || !isPlacedLevel(to) || from === to)
    return `${name} is moved between levels that are none`;
  if (!PHASES.has(phase)) return `the move of ${name} is in no phase`;
  return level === (phase === 'settling' ? to : from) ? null : `the level of ${name} is not that of its move`;
}

const PHASES: ReadonlySet<string> = new Set<MovePhase>(['preparing', 'barrier', 'settling']);

/** With the fields in one order, whatever order they were read in. */
function inOrder(placement: Placement | null): Placement | null {
  if (placement === null) return null;
  const keyspaces = placement.keyspaces.map(({ name, prefix, level }) => ({ name, prefix, level }));
  const { epoch, move } = placement;
  if (move === null) return { epoch, keyspaces, move };
  const { name, from, to, phase } = move;
  return { epoch, keyspaces, move: { name, from, to, phase } };
}
