import { InvariantError } from '../base/invariant-error.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES } from '../consistency/policies.ts';
import type { ViewRecord } from '../membership/view-record.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import { shardsAsPlanned } from '../placement/agreed-shards.ts';
import type { PlacedLevel } from '../placement/placed-level.ts';
import { keyspacesOf, type PlacementSettings } from '../placement/placement.ts';
import { type PlannedShard, plannedShards } from '../placement/shards.ts';
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
 * The groups of all shards, by number: those that the controllers have agreed on, else those of the configuration. The
 * level of a keyspace with shards never changes.
 */
export function shardGroups(
  settings: Settings,
  remembered: RememberedPlacements | null,
): readonly ShardGroup[] {
  const keyspaces = keyspacesOf(settings);
  return shardsHeld(settings, remembered).map((shard) => {
    const { level } = keyspaces.find(({ name }) => name === shard.keyspace)!;
    return { number: shard.group, scheme: POLICIES[level].scheme, shard };
  });
}

/** The shards that hold, by the number of their group. */
export function shardsHeld(
  settings: Settings,
  remembered: RememberedPlacements | null,
): readonly PlannedShard[] {
  // mutant: plans-shards-anew
  const agreed = remembered?.placement?.shards ?? remembered?.installed?.shards;
  return agreed === undefined ? plannedShards(settings, settings.peers.length) : shardsAsPlanned(agreed);
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
