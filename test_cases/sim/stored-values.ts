import { sameVersion } from '../../src/ordering/version.ts';
import { isWhole } from '../../src/placement/agreed-shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import { STARTED_AT_MS } from './sim-clock.ts';
import type { SimNode } from './sim-node.ts';

/**
 * Whether a value that the first controllers know is in the store of one of the second, whose controller knows it, too.
 * A controller that was restarted without its memory overwrites what it finds in its store (seed 937).
 */
export function isStillStored(key: string, knowing: readonly SimNode[], having: readonly SimNode[]): boolean {
  return knowing.every((knower) => {
    const record = knower.newest(key);
    if (record === undefined || record.tombstone) return true;
    const { version } = record;
    return having.some((other) => {
      const known = other.newest(key);
      return known !== undefined && sameVersion(known.version, version) && other.store.holds(key, version);
    });
  });
}

/**
 * Whether the end of a controller loses no value that the others know: another store has it, or that of the controller
 * does not have it either.
 */
export function isKeptWithout(key: string, node: SimNode, others: readonly SimNode[]): boolean {
  return others.every((knower) => {
    const version = knower.newest(key)?.version;
    const isHere = version !== undefined && node.store.holds(key, version);
    return !isHere || isStillStored(key, [knower], others);
  });
}

/**
 * The controller has the key when the move that is under way is over. Where a keyspace gets its first shards, a store
 * may lose values that the controllers without the shard still have, just before these forget them.
 */
export function keepsValue({ id, core }: SimNode, key: string): boolean {
  const views = core?.groups.views;
  const reshard = (views?.acceptedPlacement ?? views?.placement)?.move?.reshard;
  if (reshard === undefined || !isWhole(reshard.from)) return true;
  const { shards, groups } = reshard.to;
  const [, ...members] = groups[shardsOfSlots(shards)[slotOf(key)]!]!;
  return members.includes(id);
}

/** More than agreed time is ever wrong by, in milliseconds. */
const TIME_ERROR_MAX_MS = 10_000;

/**
 * The entry has expired by any time that the controllers may have agreed on. While a move is prepared, its record stays
 * all the same, and its value does not.
 */
export function isExpired(key: string, nodes: readonly SimNode[], nowMs: number): boolean {
  const expiredMs = STARTED_AT_MS + nowMs - TIME_ERROR_MAX_MS;
  return nodes.every((node) => {
    const record = node.newest(key);
    return record === undefined || (record.expiresAtMs !== 0 && record.expiresAtMs < expiredMs);
  });
}
