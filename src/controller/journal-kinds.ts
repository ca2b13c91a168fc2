import { join } from 'node:path';
import type { JournalKind } from '../journal/data-directory.ts';
import type { PlacementSettings } from '../placement/placement.ts';
import type { PlannedShard } from '../placement/shards.ts';
import { SCHEMES } from '../replication/schemes.ts';
import { groupsWithEntries, type RememberedPlacements, shardGroups } from './group-plan.ts';
import type { Settings } from './settings.ts';

/** The kinds of the journals that the keyspaces need, those of the first group first. */
export function journalKindsOf(settings: PlacementSettings): readonly JournalKind[] {
  return groupsWithEntries(settings).map(({ scheme }) => SCHEMES[scheme].journal);
}

/** The kind of the root group's view record. */
export function viewsKindOf(settings: PlacementSettings): JournalKind {
  return journalKindsOf(settings)[0]!;
}

/** The directory, within the data directory, with a directory for the journals of each shard. */
export const SHARDS_DIRECTORY = 'shards';

/** The directory of a shard in there. Its name says which keys are in it. */
export function directoryOfShard({ keyspace, place }: PlannedShard): string {
  return `${keyspace}-${place}`;
}

/** The path of that directory. */
export function pathOfShard(dataDir: string, shard: PlannedShard): string {
  return join(dataDir, SHARDS_DIRECTORY, directoryOfShard(shard));
}

/** The journals of the shards that the controller has. */
export function shardJournalsOf(
  settings: Settings,
  remembered: RememberedPlacements | null,
): readonly { readonly kind: JournalKind; readonly path: string }[] {
  return shardGroups(settings, remembered)
    .filter(({ shard }) => shard.members.includes(settings.self))
    .map(({ scheme, shard }) => {
      const path = join(SHARDS_DIRECTORY, directoryOfShard(shard));
      return { kind: SCHEMES[scheme].journal, path };
    });
}
