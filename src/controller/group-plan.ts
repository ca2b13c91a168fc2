import { InvariantError } from '../base/invariant-error.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES } from '../consistency/policies.ts';
import type { ViewRecord } from '../membership/view-record.ts';
import { type Placement, shardsNamedIn } from '../placement/agreed-placement.ts';
import { shardsAsPlanned } from '../placement/agreed-shards.ts';
import type { PlacedLevel } from '../placement/placed-level.ts';
import { type KeyspaceSettings, keyspacesOf, type PlacementSettings } from '../placement/placement.ts';
import { FIRST_SHARD_GROUP, type PlannedShard, plannedShards } from '../placement/shards.ts';
import { SCHEMES, type SchemeName } from '../replication/schemes.ts';
import type { Settings } from './settings.ts';

/** A group that has entries, before it is made. */
export interface PlannedGroup {
  readonly number: GroupNumber;
  readonly scheme: SchemeName;
  /** Of which shard the group has the entries; null where it has those of whole keyspaces. */
  readonly shard: PlannedShard | null;
}

/** The group of a shard, before it is made. */
export interface ShardGroup extends PlannedGroup {
  readonly shard: PlannedShard;
}

/** The placements that a controller remembers from an earlier run. */
export type RememberedPlacements = Pick<ViewRecord, 'placement' | 'installed'>;

/**
 * The groups that the keyspaces need, by number: one for each scheme that a level of theirs names, in the configuration
 * or in a placement of an earlier run.
 */
export function groupsWithEntries(
  settings: PlacementSettings,
  remembered: RememberedPlacements | null = null,
): readonly PlannedGroup[] {
  const placements = [remembered?.placement ?? null, remembered?.installed ?? null];
  const isApart = remembered?.placement?.broadcastApart ?? false;
  const configured = keyspacesOf(settings).map(({ level }) => schemeOfLevel(level, isApart));
  const schemes = new Set([...configured, ...placements.flatMap(schemesIn)]);
  return [...schemes]
    .map((scheme) => ({ scheme, number: SCHEMES[scheme].group, shard: null }))
    .sort((a, b) => a.number - b.number);
}

/** The same, and the groups of all shards that this controller has a part in. */
export function groupsHere(
  settings: Settings,
  remembered: RememberedPlacements | null = null,
): readonly PlannedGroup[] {
  const shards = shardGroups(settings, remembered).filter(({ shard }) =>
    shard.members.includes(settings.self),
  );
  return [...groupsWithEntries(settings, remembered), ...shards];
}

/**
 * The groups of all shards that may have keys, by number: those that the controllers have agreed on, else those of the
 * configuration.
 */
export function shardGroups(
  settings: Settings,
  remembered: RememberedPlacements | null,
): readonly ShardGroup[] {
  const shards = plannedShards(settings, settings.peers.length);
  // mutant: plans-shards-anew
  const placements = [remembered?.placement ?? null, remembered?.installed ?? null];
  return shardGroupsNamedBy(placements, { shards, keyspaces: keyspacesOf(settings) });
}

/** What holds where no placement names any shards. */
export interface ConfiguredShards {
  readonly shards: readonly PlannedShard[];
  readonly keyspaces: readonly KeyspaceSettings[];
}

/**
 * The groups of the shards that any of the placements names, each once. A keyspace may have got its shards at another
 * level than the configured one. It keeps that level as long as it has shards.
 */
export function shardGroupsNamedBy(
  placements: readonly (Placement | null)[],
  configured: ConfiguredShards,
): readonly ShardGroup[] {
  const named = placements.flatMap((one) =>
    one === null ? [] : groupsOfShards(shardsAsPlanned(shardsNamedIn(one)), one.keyspaces),
  );
  if (named.length === 0) return groupsOfShards(configured.shards, configured.keyspaces);
  const byNumber = new Map(named.toReversed().map((group) => [group.number, group]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

function groupsOfShards(
  shards: readonly PlannedShard[],
  keyspaces: readonly KeyspaceSettings[],
): readonly ShardGroup[] {
  return shards.map((shard) => {
    const { level } = keyspaces.find(({ name }) => name === shard.keyspace)!;
    return { number: shard.group, scheme: POLICIES[level].scheme, shard };
  });
}

function schemesIn(placement: Placement | null): readonly SchemeName[] {
  if (placement === null) return [];
  const { keyspaces, move, broadcastApart = false } = placement;
  const levels = [...keyspaces, move?.before, move?.after].flatMap((keyspace) => keyspace?.level ?? []);
  return levels.map((level) => schemeOfLevel(level, broadcastApart));
}

/** @param broadcastApart see `Placement` */
function schemeOfLevel(level: PlacedLevel, broadcastApart: boolean): SchemeName {
  const { scheme } = POLICIES[level];
  return scheme === 'broadcast' && broadcastApart ? 'broadcast-apart' : scheme;
}

/**
 * The number of the group that has the keyspaces of this level, with its scheme.
 *
 * @param broadcastApart see `Placement`
 */
export function groupOfLevel(level: PlacedLevel, broadcastApart: boolean): GroupNumber {
  return SCHEMES[schemeOfLevel(level, broadcastApart)].group;
}

export function schemeOfGroup(number: GroupNumber): SchemeName {
  const names = Object.keys(SCHEMES) as SchemeName[];
  const name = names.find((scheme) => SCHEMES[scheme].group === number);
  if (name === undefined) throw new InvariantError(`there is no scheme of group ${number}`);
  return name;
}

/** A controller may have a group of this number at some time. */
export function mayBeGroup(number: GroupNumber): boolean {
  const isOfScheme = Object.values(SCHEMES).some(({ group }) => group === number);
  return isOfScheme || number >= FIRST_SHARD_GROUP;
}
