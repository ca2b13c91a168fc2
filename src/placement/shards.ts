import { InvariantError } from '../base/invariant-error.ts';
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

/** Replicas of each shard where nothing else is said, and there are as many controllers. */
export const REPLICAS = 3;

/** The most controllers of one group: each write goes to all of them. */
export const REPLICAS_MAX = 7;

/** The number of the first group of a shard. Smaller numbers belong to the groups of levels. */
export const FIRST_SHARD_GROUP = 16;

/** The most groups of shards that a cluster has: a message names its group in one byte. */
export const SHARD_GROUPS_MAX = 240;

/**
 * The most shards of all keyspaces at `causal`. A session token names so many groups, beside the one of the keyspaces
 * without shards.
 */
export const CAUSAL_SHARDS_MAX = 7;

/**
 * The groups of all shards, from what is configured alone, so that every controller comes to the same.
 *
 * @param controllers how many there are
 */
export function plannedShards(
  { sharded, zones }: ShardSettings,
  controllers: number,
): readonly PlannedShard[] {
  const ids = Array.from({ length: controllers }, (_, id) => id);
  const spread = new ReplicaSpread(ids, zones);
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
  /** The replicas of each controller that may get some. */
  readonly #loads: Map<ControllerId, number>;

  /**
   * @param controllers those that may get replicas
   * @param taken the controllers of the shards that are there already
   */
  constructor(
    controllers: readonly ControllerId[],
    zones: readonly string[],
    taken: readonly (readonly ControllerId[])[] = [],
  ) {
    this.#zones = zones;
    this.#loads = new Map(controllers.map((id) => [id, 0]));
    for (const member of taken.flat()) this.#add(member, 1);
  }

  next(replicas: number): readonly ControllerId[] {
    return this.filled([], replicas);
  }

  /** These controllers, and further ones up to so many replicas. */
  filled(kept: readonly ControllerId[], replicas: number): readonly ControllerId[] {
    const members = [...kept];
    while (members.length < replicas) {
      const member = this.#best(members);
      this.#add(member, 1);
      members.push(member);
    }
    return members.sort((a, b) => a - b);
  }

  /**
   * A step towards an even spread: one of these shards has one of its replicas on a controller with fewer of them, by
   * two at least, and in no worse a zone.
   *
   * @returns the shard by its place in the list, and its controllers then; null where the spread is even
   */
  evener(shards: readonly (readonly ControllerId[])[]): EvenerShard | null {
    const byLoad = [...this.#loads].sort(([, a], [, b]) => a - b);
    for (const [from, most] of byLoad.toReversed())
      for (const [to, least] of byLoad) {
        if (most - least < 2) break;
        const at = shards.findIndex((members) => this.#mayPass(members, from, to));
        if (at < 0) continue;
        this.#add(from, -1);
        this.#add(to, 1);
        const members = [...shards[at]!.filter((member) => member !== from), to].sort((a, b) => a - b);
        return { at, members };
      }
    return null;
  }

  #mayPass(members: readonly ControllerId[], from: ControllerId, to: ControllerId): boolean {
    if (!members.includes(from) || members.includes(to)) return false;
    const others = members.filter((member) => member !== from);
    return this.#sharing(to, others) <= this.#sharing(from, others);
  }

  /** A controller that gets no replicas any more has no load. */
  #add(controller: ControllerId, replicas: number): void {
    const load = this.#loads.get(controller);
    if (load !== undefined) this.#loads.set(controller, load + replicas);
  }

  #best(members: readonly ControllerId[]): ControllerId {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [controller, load] of this.#loads) {
      if (members.includes(controller)) continue;
      const cost = this.#sharing(controller, members) * LOADS_MAX + load;
      if (cost >= least) continue;
      best = controller;
      least = cost;
    }
    if (best < 0) throw new InvariantError('a shard has more replicas than there are controllers');
    return best;
  }

  /** How many of the members are in the zone of the controller. */
  #sharing(controller: ControllerId, members: readonly ControllerId[]): number {
    const zone = this.#zones[controller];
    return zone === undefined ? 0 : members.filter((member) => this.#zones[member] === zone).length;
  }
}

interface EvenerShard {
  readonly at: number;
  readonly members: readonly ControllerId[];
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
