import { hashOfKey } from '../base/key-hash.ts';
import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';

/** A keyspace whose keys are spread over several groups, as the configuration has it. */
export interface ShardedKeyspace {
  /** The name of the keyspace. */
  readonly name: string;
  /** At least 2: with one shard the keyspace is in the group of its level. */
  readonly shards: number;
  /** How many controllers have the entries of each shard. */
  readonly replicas: number;
  /**
   * The controllers of each shard, by its number, in the order of their ids. Absent where they are to be chosen here.
   * Stated by a dialect, whose interface says which nodes are together.
   */
  readonly members?: readonly (readonly ControllerId[])[];
}

/** What the configuration says of shards. All controllers of a cluster have the same. */
export interface ShardSettings {
  readonly sharded: readonly ShardedKeyspace[];
  /** The zone of each controller, in the order of their ids; empty where no zones are given. */
  readonly zones: readonly string[];
}

/** The part of a keyspace that one group has, before the group is made. */
export interface PlannedShard {
  /** The name of the keyspace. */
  readonly keyspace: string;
  /** From 0. */
  readonly shard: number;
  /** How many shards the keyspace has. */
  readonly of: number;
  /** Names the shard for ever: no other shard of the keyspace ever has the same. Its directory is called by it. */
  readonly place: string;
  readonly group: GroupNumber;
  /** The controllers that have its entries, in the order of their ids. */
  readonly members: readonly ControllerId[];
}

/** The name of a shard that is there from the start. */
export function placeAtStart(shard: number, shards: number): string {
  return `${shard}-of-${shards}`;
}

/** For people. */
export function nameOfShard({ keyspace, shard }: Pick<PlannedShard, 'keyspace' | 'shard'>): string {
  return `shard ${shard} of ${keyspace}`;
}

/** The number of the first group of a shard. Smaller numbers belong to the groups of levels. */
export const FIRST_SHARD_GROUP = 16;

/** The most groups of shards that a cluster has: a message names its group in one byte. */
export const SHARD_GROUPS_MAX = 240;

/**
 * The groups of all shards, from what is configured alone, so that every controller comes to the same.
 *
 * @param controllers how many there are
 */
export function plannedShards(
  { sharded, zones }: ShardSettings,
  controllers: number,
): readonly PlannedShard[] {
  const spread = new ReplicaSpread(controllers, zones);
  const byName = sharded.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return byName
    .flatMap(({ name, shards, replicas, members }) =>
      Array.from({ length: shards }, (_, shard) => {
        const stated = members?.[shard];
        return { keyspace: name, shard, of: shards, place: placeAtStart(shard, shards), replicas, stated };
      }),
    )
    .map(({ replicas, stated, ...shard }, at) => {
      return { ...shard, group: FIRST_SHARD_GROUP + at, members: stated ?? spread.next(replicas) };
    });
}

/**
 * Gives each shard its controllers:
 *
 *  1. in different zones, as far as there are zones;
 *  2. among these the controllers with the fewest replicas.
 *
 * Without zones no controller gets two replicas more than another.
 */
export class ReplicaSpread {
  readonly #zones: readonly string[];
  readonly #loads: number[];

  /** @param taken the controllers of the shards that are there already */
  constructor(controllers: number, zones: readonly string[], taken: readonly (readonly number[])[] = []) {
    this.#zones = zones;
    this.#loads = new Array<number>(controllers).fill(0);
    for (const member of taken.flat()) this.#loads[member]!++;
  }

  next(replicas: number): readonly ControllerId[] {
    const members: ControllerId[] = [];
    for (let i = 0; i < replicas; i++) {
      const member = this.#best(members);
      this.#loads[member]!++;
      members.push(member);
    }
    return members.sort((a, b) => a - b);
  }

  #best(members: readonly ControllerId[]): ControllerId {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [controller, load] of this.#loads.entries()) {
      if (members.includes(controller)) continue;
      const cost = this.#sharing(controller, members) * LOADS_MAX + load;
      if (cost >= least) continue;
      best = controller;
      least = cost;
    }
    return best;
  }

  /** How many of the members are in the zone of the controller. */
  #sharing(controller: ControllerId, members: readonly ControllerId[]): number {
    const zone = this.#zones[controller];
    return zone === undefined ? 0 : members.filter((member) => this.#zones[member] === zone).length;
  }
}

/** More replicas than a controller can have. */
const LOADS_MAX = SHARD_GROUPS_MAX + 1;

/**
 * The shards in words that are equal at all controllers of a cluster: `shards=NAME/SHARDSxREPLICAS` for each keyspace
 * with shards, then the zones, and a hash of which controllers each group has. Empty where no keyspace has shards.
 */
export function shardsText(planned: readonly PlannedShard[], zones: readonly string[]): string {
  if (planned.length === 0) return '';
  const words = planned.map(({ keyspace, of, members }) => `${keyspace}/${of}x${members.length}`);
  const inZones = zones.length === 0 ? [] : [`zones=${zones.join(',')}`];
  const groups = planned.map(({ keyspace, shard, group, members }) => [keyspace, shard, group, ...members]);
  const hash = (hashOfKey(groups.join(' ')) >>> 0).toString(16);
  return [`shards=${[...new Set(words)].sort().join(',')}`, ...inZones, `groups=${hash}`].join(' ');
}
