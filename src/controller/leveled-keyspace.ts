import type { Policy } from '../consistency/policies.ts';
import type { Hold, ShardElsewhere, Shards } from '../placement/keyspaces.ts';
import type { PlacedLevel } from '../placement/placed-level.ts';
import type { KeyspaceSettings } from '../placement/placement.ts';
import type { Group } from '../replication/group.ts';

/** A keyspace, or a part of one, whose name, level and group may change while the controller runs. */
export interface LeveledKeyspace extends KeyspaceSettings {
  name: string;
  /** The level that this controller goes by. */
  level: PlacedLevel;
  policy: Policy;
  group: Group;
  hold: Hold;
  /** The group whose values the store has, by the placement that was accepted last. */
  owner: Group;
  /** The group that serves by that placement; null while this controller has no part in it. */
  serving: Group | null;
  readonly elsewhere: ShardElsewhere | null;
  shards: Shards<LeveledKeyspace> | null;
}
