import type { GroupNumber, WallMs } from '../base/number-kinds.ts';
import {
  type AgreedShards,
  agreedInOrder,
  agreedShardsFlaw,
  isWhole,
  sameShards,
  shardsFlaw,
  wholeFlaw,
} from './agreed-shards.ts';
import { Keyspaces } from './keyspaces.ts';
import { isPlacedLevel, orderedSchemeOf } from './placed-level.ts';
import { inOrderOfPrefixes, type KeyspaceSettings } from './placement.ts';
import { concernsAll, type Reshard } from './reshard.ts';
import { FIRST_SHARD_GROUP } from './shards.ts';
import { NO_STAMP, type Stamp, stampOf } from './stamp.ts';

/**
 * Which keyspace has which keys and which level, as the controllers agree on it. Each change of a placement is a new
 * placement with the next epoch.
 *
 * A cluster whose keyspaces were never changed while it ran has none of these: it goes by the configuration. From
 * the first change on the placement wins over the configuration.
 */
export interface Placement {
  /** 1 for the first placement. */
  readonly epoch: number;
  /** All keyspaces of the cluster, the default one among them, as they are served. */
  readonly keyspaces: readonly KeyspaceSettings[];
  /** The change that takes keys from one group to another; null when none does. */
  readonly move: Move | null;
  /**
   * The keyspaces that are replicated by broadcast have a group beside the root group, because the root group has no
   * entries. Whether it has was configured when the controllers were started, and they may have been configured in
   * another way since. So it is agreed on, and holds for all later placements.
   */
  readonly broadcastApart?: true;
  /**
   * The shards of all keyspaces that have several. Absent where none has, and in placements of a release that did not
   * agree on them: the next change takes them from the configuration.
   */
  readonly shards?: readonly AgreedShards[];
}

/** What a cluster goes by while it has no placement, as the configuration has it. */
export interface AsConfigured {
  readonly keyspaces: readonly KeyspaceSettings[];
  /** The shards of all keyspaces that have several. */
  readonly shards: readonly AgreedShards[];
}

/** One keyspace that is changed: it gets another level or another prefix, is added, or is removed. */
export interface KeyspaceChange {
  /** Null: the keyspace is added. */
  readonly before: KeyspaceSettings | null;
  /** Null: the keyspace is removed. */
  readonly after: KeyspaceSettings | null;
}

/**
 * How far a move is. `preparing`: the groups before serve, and each controller copies its records of the keys that
 * get another group. `barrier`: the same, but no write of these keys is taken. `settling`: the groups after serve, and
 * the records in the other groups are forgotten.
 */
export type MovePhase = 'preparing' | 'barrier' | 'settling';

/** A change of a keyspace by which some keys get another group. */
export interface Move extends KeyspaceChange {
  readonly phase: MovePhase;
  /**
   * The keyspace gets another number of shards, or shards get other controllers. It stays as it is otherwise: `before`
   * and `after` are equal.
   */
  readonly reshard?: Reshard;
  /**
   * Behind the barrier: entries that expired before this moment of cluster time get into no ordered group. In
   * milliseconds since 1970.
   */
  readonly expiredBeforeMs?: WallMs;
  /** While it is preparing: nothing is copied until it is resumed. */
  readonly paused?: true;
}

/** The keyspaces before and after the change that is under way. They are equal while none is. */
export interface Sides {
  readonly before: Keyspaces<KeyspaceSettings>;
  readonly after: Keyspaces<KeyspaceSettings>;
  /** See `Placement`. */
  readonly broadcastApart: boolean;
}

/** The bytes that a placement may take as JSON: all shards that a cluster has, on seven controllers each, and a move. */
export const PLACEMENT_BYTES_MAX = 65_536;

const NAME = /^[\w-]{1,32}$/;

export function withChange(
  placement: Placement | null,
  configured: AsConfigured,
  change: KeyspaceChange,
): Placement {
  const keyspaces = changed(placement?.keyspaces ?? configured.keyspaces, change);
  return { epoch: epochOf(placement) + 1, keyspaces, move: null, ...keptFrom(placement, configured) };
}

/** The change is going to be made by a move. Only while no other move is under way. */
export function withMove(
  placement: Placement | null,
  configured: AsConfigured,
  { before, after }: KeyspaceChange,
): Placement {
  const keyspaces = placement?.keyspaces ?? configured.keyspaces;
  const move: Move = { before, after, phase: 'preparing' };
  return { epoch: epochOf(placement) + 1, keyspaces, move, ...keptFrom(placement, configured) };
}

/** The keyspace is going to have other shards, or its first ones. Only while no other move is under way. */
export function withReshard(
  placement: Placement | null,
  configured: AsConfigured,
  reshard: Reshard,
): Placement {
  const keyspaces = placement?.keyspaces ?? configured.keyspaces;
  const own = keyspaces.find(({ name }) => name === reshard.from.keyspace)!;
  const begun = withMove(placement, configured, { before: own, after: own });
  return { ...begun, move: { ...begun.move!, reshard } };
}

/** What a placement takes from the configuration once, and keeps. */
function keptFrom(
  placement: Placement | null,
  { keyspaces, shards: planned }: AsConfigured,
): Pick<Placement, 'broadcastApart' | 'shards'> {
  const shards = placement?.shards ?? planned;
  return { ...apartFrom(placement, keyspaces), ...(shards.length === 0 ? {} : { shards }) };
}

/** A keyspace whose entries are in the root group keeps all keyspaces with broadcast there. */
function apartFrom(
  placement: Placement | null,
  configured: readonly KeyspaceSettings[],
): Pick<Placement, 'broadcastApart'> {
  const isBroadcast = ({ level }: KeyspaceSettings) => orderedSchemeOf(level) === 'broadcast';
  const isInRoot = [...configured, ...(placement?.keyspaces ?? [])].some(isBroadcast);
  // mutant: broadcast-without-a-group
  return placement?.broadcastApart === true || !isInRoot ? { broadcastApart: true } : {};
}

/** The placement after the next step of the move. @param nowMs cluster time */
export function movedOn(placement: Placement, move: Move, nowMs: WallMs): Placement {
  const epoch = placement.epoch + 1;
  const { phase } = move;
  const change = changeIn(move);
  switch (phase) {
    case 'preparing': {
      const expiredBeforeMs = Math.floor(nowMs);
      return { ...placement, epoch, move: { ...change, phase: 'barrier', expiredBeforeMs } };
    }
    case 'barrier': {
      const keyspaces = changed(placement.keyspaces, change);
      // mutant: forgets-the-agreed-group
      const next: Placement = { ...placement, epoch, keyspaces, move: { ...change, phase: 'settling' } };
      return move.reshard === undefined ? next : { ...next, shards: reshardedBy(placement, move.reshard) };
    }
    case 'settling':
      return { ...placement, epoch, move: null };
  }
}

function changeIn({ before, after, reshard }: Move): Omit<Move, 'phase' | 'expiredBeforeMs'> {
  return { before, after, ...(reshard === undefined ? {} : { reshard }) };
}

function byKeyspace(a: AgreedShards, b: AgreedShards): number {
  return a.keyspace < b.keyspace ? -1 : 1;
}

function reshardedBy({ shards = [] }: Placement, { to }: Reshard): readonly AgreedShards[] {
  // mutant: first-shards-not-agreed
  return [...shards.filter(({ keyspace }) => keyspace !== to.keyspace), to].sort(byKeyspace);
}

/** Writes are taken by the groups before again, and the copies begin anew. */
export function withBarrierLifted(placement: Placement, move: Move): Placement {
  return { ...placement, epoch: placement.epoch + 1, move: { ...changeIn(move), phase: 'preparing' } };
}

/**
 * Nothing is copied any more, until the move is resumed and copying begins anew; a barrier is lifted. Only until the
 * move is settling.
 */
export function withPause(placement: Placement, move: Move, isPaused: boolean): Placement {
  const preparing: Move = { ...changeIn(move), phase: 'preparing' };
  const next = isPaused ? { ...preparing, paused: true as const } : preparing;
  return { ...placement, epoch: placement.epoch + 1, move: next };
}

/** The keyspaces stay as they were. What was copied is forgotten. Only until the move is settling. */
export function withMoveCancelled(placement: Placement, { before, after, reshard }: Move): Placement {
  const back = reshard === undefined ? {} : { reshard: { from: reshard.to, to: reshard.from } };
  const move: Move = { before: after, after: before, phase: 'settling', ...back };
  return { ...placement, epoch: placement.epoch + 1, move };
}

/** The name of the keyspace that is changed. */
export function nameOfChange({ before, after }: KeyspaceChange): string {
  return (after ?? before)!.name;
}

export function sameChange(a: Omit<Move, 'phase'>, b: Omit<Move, 'phase'>): boolean {
  const [to, other] = [a.reshard?.to, b.reshard?.to];
  const isToSame = to === undefined || other === undefined ? to === other : sameShards(to, other);
  return isToSame && sameKeyspace(a.before, b.before) && sameKeyspace(a.after, b.after);
}

/** The keyspaces with this change, in the order of their prefixes. */
export function changed(
  keyspaces: readonly KeyspaceSettings[],
  { before, after }: KeyspaceChange,
): readonly KeyspaceSettings[] {
  const others = before === null ? keyspaces : keyspaces.filter(({ name }) => name !== before.name);
  return inOrderOfPrefixes(after === null ? others : [...others, after]);
}

/** @param configured the keyspaces that hold where there is no placement */
export function sidesOf(placement: Placement | null, configured: readonly KeyspaceSettings[]): Sides {
  const serving = new Keyspaces(placement?.keyspaces ?? configured);
  const other = placement === null ? null : otherKeyspaces(placement);
  const broadcastApart = placement?.broadcastApart ?? false;
  if (other === null) return { before: serving, after: serving, broadcastApart };
  const others = new Keyspaces(other);
  return placement!.move!.phase === 'settling'
    ? { before: others, after: serving, broadcastApart }
    : { before: serving, after: others, broadcastApart };
}

/** The keyspaces that a move begins or ends with, and that do not serve; null while there is no move. */
function otherKeyspaces({ keyspaces, move }: Placement): readonly KeyspaceSettings[] | null {
  if (move === null) return null;
  const { before, after, phase } = move;
  return changed(keyspaces, phase === 'settling' ? { before: after, after: before } : { before, after });
}

/** The shards that may have keys by this placement: those that serve, and those on both sides of a move. */
export function shardsNamedIn({ shards = [], move }: Placement): readonly AgreedShards[] {
  if (move?.reshard === undefined) return shards;
  return [...shards, move.reshard.from, move.reshard.to].filter((one) => !isWhole(one));
}

/** By this placement the group of its level has keys of the keyspace, or had or gets them by its move. */
export function mayBeWhole({ shards = [], move }: Placement, keyspace: string): boolean {
  const reshard = move?.reshard;
  const isFirst = reshard?.from.keyspace === keyspace && concernsAll(reshard);
  return isFirst || !shards.some((one) => one.keyspace === keyspace);
}

/**
 * Whether the group was one of a shard that none of the placements names. A group that begins is named by the
 * placement which every controller has accepted before any of them serves by it.
 */
export function hasEnded(placements: readonly (Placement | null)[], group: GroupNumber): boolean {
  if (group < FIRST_SHARD_GROUP) return false;
  let hasNames = false;
  for (const placement of placements) {
    if (placement === null) continue;
    for (const { groups } of shardsNamedIn(placement)) {
      hasNames = true;
      if (groups.some(([number]) => number === group)) return false;
    }
  }
  return hasNames;
}

/** 0 where there is no placement. */
export function epochOf(placement: Placement | null): number {
  return placement?.epoch ?? 0;
}

export function samePlacement(a: Placement | null, b: Placement | null): boolean {
  return a === b || JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

export function placementStamp(placement: Placement | null): Stamp {
  return placement === null ? NO_STAMP : stampOf(placement.epoch, inOrder(placement));
}

/** @returns what makes this no placement, in words; null when it is one */
export function placementFlaw(placement: Placement): string | null {
  const { epoch, keyspaces, move, shards } = placement;
  if (!Number.isSafeInteger(epoch) || epoch < 1) return `a placement has the epoch ${epoch}`;
  if (JSON.stringify(placement).length > PLACEMENT_BYTES_MAX) return 'a placement is too large';
  const names = keyspaces.map(({ name }) => name);
  return (
    keyspacesFlaw(keyspaces) ??
    (shards === undefined ? null : agreedShardsFlaw(shards, names)) ??
    (move === null ? null : moveFlaw(move, placement))
  );
}

function keyspacesFlaw(keyspaces: readonly KeyspaceSettings[]): string | null {
  for (const { name, prefix, level } of keyspaces) {
    if (!NAME.test(name)) return 'the name of a keyspace is no word';
    if (!/^[\x21-\x7e\x80-\xff]*$/.test(prefix)) return `the prefix of ${name} is no part of a key`;
    if (!isPlacedLevel(level)) return `the level of ${name} is unknown`;
  }
  const distinct = (values: readonly string[]) => new Set(values).size === keyspaces.length;
  if (!distinct(keyspaces.map(({ name }) => name))) return 'two keyspaces have the same name';
  if (!distinct(keyspaces.map(({ prefix }) => prefix))) return 'two keyspaces have the same prefix';
  return keyspaces.some(({ prefix }) => prefix === '') ? null : 'no keyspace has the empty prefix';
}

function moveFlaw(move: Move, placement: Placement): string | null {
  const { before, after, phase, expiredBeforeMs = 0 } = move;
  if (before === null && after === null) return 'a move is of no keyspace';
  const name = nameOfChange(move);
  if (!PHASES.has(phase)) return `the move of ${name} is in no phase`;
  if (!Number.isSafeInteger(expiredBeforeMs) || expiredBeforeMs < 0)
    return `the move of ${name} has no time of its barrier`;
  if (move.paused !== undefined && (move.paused !== true || phase !== 'preparing'))
    return `the move of ${name} is paused, and not preparing`;
  if (before !== null && after !== null && before.name !== name) return `the move of ${name} renames it`;
  const serving = phase === 'settling' ? after : before;
  const held = placement.keyspaces.find((keyspace) => keyspace.name === name) ?? null;
  if (!sameKeyspace(serving, held)) return `the keyspace ${name} is not that of its move`;
  return (
    keyspacesFlaw(otherKeyspaces(placement)!) ??
    (move.reshard === undefined ? null : reshardFlaw(move, placement))
  );
}

function reshardFlaw({ before, after, phase, reshard }: Move, { shards = [] }: Placement): string | null {
  const { from, to } = reshard!;
  const name = from.keyspace;
  if (to.keyspace !== name || before?.name !== name || !sameKeyspace(before, after))
    return `${name} gets other shards, and is changed`;
  const [expected, other] = phase === 'settling' ? [to, from] : [from, to];
  const serving = shards.find(({ keyspace }) => keyspace === name);
  const isServing = serving === undefined ? isSideWhole(expected) : sameShards(serving, expected);
  if (!isServing) return `the shards of ${name} are not those of its move`;
  return sideFlaw(expected) ?? sideFlaw(other);
}

/** The sides come over the network, and may have no groups. */
function isSideWhole(side: AgreedShards): boolean {
  return side.groups.length > 0 && isWhole(side);
}

function sideFlaw(side: AgreedShards): string | null {
  return isSideWhole(side) ? wholeFlaw(side) : shardsFlaw(side);
}

function sameKeyspace(a: KeyspaceSettings | null, b: KeyspaceSettings | null): boolean {
  if (a === null || b === null) return a === b;
  return a.name === b.name && a.prefix === b.prefix && a.level === b.level;
}

const PHASES: ReadonlySet<string> = new Set<MovePhase>(['preparing', 'barrier', 'settling']);

/** With the fields in one order, whatever order they were read in. */
function inOrder(placement: Placement | null): Placement | null {
  if (placement === null) return null;
  const { epoch, move, broadcastApart, shards } = placement;
  const keyspaces = placement.keyspaces.map(fieldsInOrder);
  const apart = broadcastApart === undefined ? {} : { broadcastApart };
  const kept = shards === undefined ? apart : { ...apart, shards: shards.map(agreedInOrder) };
  if (move === null) return { epoch, keyspaces, move, ...kept };
  const [before, after] = [move.before, move.after].map((one) => (one === null ? null : fieldsInOrder(one)));
  const { phase, expiredBeforeMs = 0, reshard, paused } = move;
  const shared =
    reshard === undefined
      ? {}
      : { reshard: { from: agreedInOrder(reshard.from), to: agreedInOrder(reshard.to) } };
  const held = paused === undefined ? {} : { paused };
  const ordered = { before: before!, after: after!, phase, expiredBeforeMs, ...shared, ...held };
  return { epoch, keyspaces, move: ordered, ...kept };
}

function fieldsInOrder({ name, prefix, level }: KeyspaceSettings): KeyspaceSettings {
  return { name, prefix, level };
}
