import type { Address, SharedSettings } from '../../controller/settings.ts';
import { VOTERS_MAX } from '../../placement/configuration.ts';
import type { PlacedLevel } from '../../placement/placed-level.ts';
import { DEFAULT_KEYSPACE } from '../../placement/placement.ts';
import {
  CAUSAL_SHARDS_MAX,
  REPLICAS_MAX,
  SHARD_GROUPS_MAX,
  type ShardedKeyspace,
} from '../../placement/shards.ts';
import { SHARDS_MAX } from '../../placement/slots.ts';
import type { GivenShards } from './keyspace-list.ts';
import { BadValue, count, type ValueReader } from './setting-values.ts';

/** The settings of keyspaces whose keys are spread over several groups of controllers. */

/** What is given of the shards of a keyspace at this level. */
export interface ShardsOfLevel extends GivenShards {
  readonly level: PlacedLevel;
}

/** A keyspace as it is spread, for itself. */
export interface CheckedShards extends ShardedKeyspace {
  readonly isCausal: boolean;
}

/**
 * The keyspace as it is spread; empty where it has one shard, which is that of its level.
 *
 * @param replicas where the keyspace has none of its own
 * @throws BadValue
 */
export function shardedKeyspace(
  { name, shards, replicas: own, level }: ShardsOfLevel,
  replicas: number,
  controllers: number,
): readonly CheckedShards[] {
  if (own !== null) checkReplicas(name, own, controllers);
  if (shards < 1 || shards > SHARDS_MAX)
    throw new BadValue(`${name} has ${shards} shards; give a number from 1 to ${SHARDS_MAX}`);
  if (shards === 1) return [];
  return [{ name, shards, replicas: own ?? replicas, isCausal: level === 'causal' }];
}

/** Why there can't be all of these; null when there can. */
export function tooManyShards(all: readonly CheckedShards[]): string | null {
  const sum = (some: readonly CheckedShards[]) => some.reduce((total, { shards }) => total + shards, 0);
  const [groups, causal] = [sum(all), sum(all.filter(({ isCausal }) => isCausal))];
  if (groups > SHARD_GROUPS_MAX)
    return `the keyspaces have ${groups} shards in all; a cluster has ${SHARD_GROUPS_MAX} at most`;
  if (causal <= CAUSAL_SHARDS_MAX) return null;
  return (
    `the keyspaces at causal have ${causal} shards in all, and sessions go over ${CAUSAL_SHARDS_MAX} at most: give ` +
    'fewer, or choose another level'
  );
}

export function replicasAmong(controllers: number): ValueReader<number> {
  return (text) => {
    const replicas = count(1, REPLICAS_MAX)(text);
    checkReplicas('a shard', replicas, controllers);
    return replicas;
  };
}

function checkReplicas(name: string, replicas: number, controllers: number): void {
  if (replicas < 1 || replicas > REPLICAS_MAX)
    throw new BadValue(`${name} has ${replicas} replicas; give a number from 1 to ${REPLICAS_MAX}`);
  if (replicas > controllers)
    throw new BadValue(
      `${name} has ${replicas} replicas, and there are ${controllers} controllers; give as many at most`,
    );
}

export function zonesOf(peers: readonly Address[]): ValueReader<readonly string[]> {
  return (text) => {
    if (text === '') return [];
    const zones = text.split(',').map((word) => word.trim());
    const wrong = zones.find((zone) => !/^[\w.-]{1,32}$/.test(zone));
    if (wrong !== undefined)
      throw new BadValue(`"${wrong}" is no zone; give up to 32 letters, digits, dots, dashes or underscores`);
    if (zones.length === peers.length) return zones;
    throw new BadValue(
      `there are ${peers.length} peers, and ${zones.length} zones; give each peer its zone, in the same order`,
    );
  };
}

/**
 * How many of `peers` vote: the first seven of more, where every keyspace has shards. The others have shards, or none,
 * and follow. A keyspace without shards is on the controllers that vote, so all vote where there is one.
 */
export function votersAmong(
  peers: readonly Address[],
  { keyspaces, sharded }: Pick<SharedSettings, 'keyspaces' | 'sharded'>,
): Pick<SharedSettings, 'voters'> {
  const isSharded = ({ name }: { readonly name: string }) => sharded.some((one) => one.name === name);
  const areAllSharded = [{ name: DEFAULT_KEYSPACE }, ...keyspaces].every(isSharded);
  return peers.length > VOTERS_MAX && areAllSharded ? { voters: VOTERS_MAX } : {};
}
