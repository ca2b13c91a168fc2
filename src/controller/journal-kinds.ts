import type { JournalKind } from '../journal/data-directory.ts';
import type { PlacementSettings } from '../placement/placement.ts';
import { SCHEMES } from '../replication/schemes.ts';
import { groupsWithEntries } from './group-plan.ts';

/** The kinds of the journals that the keyspaces need, those of the first group first. */
export function journalKindsOf(settings: PlacementSettings): readonly JournalKind[] {
  return groupsWithEntries(settings).map(({ scheme }) => SCHEMES[scheme].journal);
}

/** The kind of the root group's view record. */
export function viewsKindOf(settings: PlacementSettings): JournalKind {
  return journalKindsOf(settings)[0]!;
}
