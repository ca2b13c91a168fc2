import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES } from '../consistency/policies.ts';
import { keyspacesOf, type PlacementSettings } from '../placement/placement.ts';
import { SCHEMES, type SchemeName } from '../replication/schemes.ts';

/** A group that has entries, before it is made. */
export interface PlannedGroup {
  readonly number: GroupNumber;
  readonly scheme: SchemeName;
}

/** The groups that the keyspaces need, by number: one for each scheme that a level of theirs names. */
export function groupsWithEntries(settings: PlacementSettings): readonly PlannedGroup[] {
  const schemes = new Set(keyspacesOf(settings).map(({ level }) => POLICIES[level].scheme));
  return [...schemes]
    .map((scheme) => ({ scheme, number: SCHEMES[scheme].group }))
    .sort((a, b) => a.number - b.number);
}
