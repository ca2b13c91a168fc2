import { failure as failureOf } from '../base/error-codes.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { closedBecause, type Gate, type Need, OPEN, waitBecause } from '../membership/gate.ts';
import type { ChainSum } from '../ordering/effect.ts';
import type { Keyspace, KeyspacePart } from '../placement/keyspaces.ts';
import { isStronger, LEVELS, type Level } from '../placement/level.ts';
import {
  levelOf,
  orderedSchemeOf,
  PLACED_LEVELS,
  type PlacedLevel,
  placedLevel,
} from '../placement/placed-level.ts';
import type { Router } from '../placement/router.ts';
import type { DifferenceBase } from '../replication/evaluation.ts';
import type { ReadStrength, Scheme } from '../replication/scheme.ts';
import { SCHEMES, type SchemeName } from '../replication/schemes.ts';

/** What a level means: the scheme that replicates, and the writes that a read waits for. */
export interface Policy {
  readonly level: Level;
  /** The level with the scheme of its keyspaces. */
  readonly placed: PlacedLevel;
  readonly scheme: SchemeName;
  /** What a read sees. */
  readonly reads: ReadStrength;
  /** A read waits for all earlier writes of its own connection. */
  readonly ownWritesFirst: boolean;
}

/**
 * At the ordered levels the requests of a connection take effect in the order in which the client sent them,
 * pipelined or not. At `eventual` a write takes effect here at once, so a connection sees its own writes without
 * waiting for them.
 */
const LEVEL_POLICIES: Readonly<Record<Level, Omit<Policy, 'placed'>>> = {
  linearizability: { level: 'linearizability', scheme: 'broadcast', reads: 'strong', ownWritesFirst: true },
  sequential: { level: 'sequential', scheme: 'broadcast', reads: 'local', ownWritesFirst: true },
  causal: { level: 'causal', scheme: 'causal', reads: 'settled', ownWritesFirst: true },
  eventual: { level: 'eventual', scheme: 'convergent', reads: 'local', ownWritesFirst: false },
};

/** A chain changes how a level is kept, and not what it means. */
export const POLICIES: Readonly<Record<PlacedLevel, Policy>> = Object.fromEntries(
  PLACED_LEVELS.map((placed): [PlacedLevel, Policy] => {
    const policy = LEVEL_POLICIES[levelOf(placed)];
    return [placed, { ...policy, placed, scheme: orderedSchemeOf(placed) ?? policy.scheme }];
  }),
) as Record<PlacedLevel, Policy>;

/** All writes of a keyspace at this level have one order, which the members of a view agree on. */
export function isOrdered(level: PlacedLevel): boolean {
  return SCHEMES[POLICIES[level].scheme].isOrdered;
}

/** The need that the gate is asked for before a read of this strength. */
export const READ_NEEDS: Readonly<Record<ReadStrength, Need>> = {
  local: 'read',
  settled: 'read',
  strong: 'strong-read',
};

/** The part of a group that carries out requests. */
export interface ServingGroup {
  /** Messages and session tokens name the group by this number. */
  readonly number: GroupNumber;
  readonly scheme: Scheme;
  /** The next write may be replicated as a difference: see `JoinEffect`. */
  readonly takesDifferences: boolean;

  /**
   * Whether no controller can go by a newer placement than this one does: open while it holds a lease of the view that
   * has its placement.
   */
  placementGate(): Gate;

  /** See `Journal.chainOf`. */
  chainOf(key: string): ChainSum | null;

  /** See `Replica.baseOnDisk`. */
  baseOnDisk(key: string): DifferenceBase | null;
}

export type ServedKeyspace = Keyspace<Policy, ServingGroup>;

/** A keyspace, or a shard of one. */
export type ServedPart = KeyspacePart<Policy, ServingGroup>;

export type RequestRouter = Router<Policy, ServingGroup>;

/**
 * The policy of a read.
 *
 *  1. A level that is not weaker than the keyspace's changes nothing.
 *  2. A weaker level serves if the keyspace is replicated in the way of that level.
 *  3. Otherwise the weakest level serves that is replicated in the way of the keyspace. An ordered group has nothing
 *     that is cheaper than a local read, and a local read there keeps all that `sequential` promises.
 *
 * @param asked null where the read asks for no level
 */
export function readPolicyOf({ policy }: ServedPart, asked: Level | null): Policy {
  return asked === null ? policy : READ_POLICIES[policy.placed][asked];
}

/** By the level of the keyspace, and the level that the read asks for. */
const READ_POLICIES: Readonly<Record<PlacedLevel, Readonly<Record<Level, Policy>>>> = readPolicies();

function readPolicies(): Record<PlacedLevel, Record<Level, Policy>> {
  const policyOf = (own: PlacedLevel, asked: Level) =>
    POLICIES[placedLevel(servingLevel(levelOf(own), asked), orderedSchemeOf(own) ?? 'broadcast')];
  const rowOf = (own: PlacedLevel) =>
    Object.fromEntries(LEVELS.map((asked) => [asked, policyOf(own, asked)]));
  const rows = PLACED_LEVELS.map((own) => [own, rowOf(own)]);
  return Object.fromEntries(rows) as Record<PlacedLevel, Record<Level, Policy>>;
}

function servingLevel(own: Level, asked: Level): Level {
  if (!isStronger(own, asked)) return own;
  if (isOrdered(own) === isOrdered(asked)) return asked;
  return LEVELS.findLast((level) => isOrdered(level) === isOrdered(own))!;
}

/** Whether a request with this need may go on in the keyspace. */
export function gateIn(part: ServedPart, need: Need): Gate {
  const { hold, group } = part;
  if (hold === 'all' || (hold === 'writes' && need === 'write')) return MOVING;
  const proof = need === 'strong-read' ? proofGateOf(part) : OPEN;
  return proof.state === 'open' ? group.scheme.gate(need) : proof;
}

/**
 * Whether what the group proves of its state is true of the keys. Behind a barrier, the group after may be serving them
 * already, to controllers that have left this one out: then the lease of this one has run out. The group before knows
 * nothing of that. Without a barrier here no other controller can have gone past it.
 */
export function proofGateOf({ hold, group }: ServedPart): Gate {
  // mutant: proof-behind-lost-barrier
  return hold === 'writes' ? group.placementGate() : OPEN;
}

/**
 * The read found no value, and the group where it looked does not have the key any more. That may have forgotten the
 * key while the read waited, as the last step of a move.
 *
 * @param isTold what the read tells was so while the group had the key
 */
export function isOvertaken({ group }: ServedPart, scheme: Scheme, isTold: boolean): boolean {
  // mutant: nothing-where-a-key-was
  return group.scheme !== scheme && !isTold;
}

/** For a read that was overtaken, and whose client has gone on. Such a read is not tried again in the other group. */
export const OVERTAKEN = failureOf('READ_OVERTAKEN', 'the keyspace was changed while it was read; try again');

/** A request waits for a moment, while the keyspace gets another level. */
export const MOVING = waitBecause('LEVELS_CHANGING', 'the level of the keyspace is being changed');

/** A write needs the store as well as the scheme. */
export function writeGateOf({ hold, group: { scheme } }: ServedPart): Gate {
  // mutant: writes-behind-barrier
  if (hold !== 'nothing') return MOVING;
  const trouble = scheme.storeTrouble();
  return trouble === null
    ? scheme.gate('write')
    : closedBecause('STORE_DOWN', `the store is down: ${trouble}`);
}
