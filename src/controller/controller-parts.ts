import type { Clock } from '../base/clock.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import type { Mesh } from '../peer/mesh.ts';
import type { KVController } from '../store/kv-controller.ts';
import type { ClientBudget } from './clients/client-budget.ts';
import type { ClientTable } from './clients/client-table.ts';
import type { UnidentifiedConnections } from './clients/unidentified-connections.ts';
import type { Core } from './core.ts';
import type { LargeKeys } from './keys/large-keys.ts';
import type { KeyspaceKeys } from './metrics/keyspace-keys.ts';
import type { Statistics } from './metrics/statistics.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';
import type { Dumps } from './streams/dumps.ts';
import type { Watchers } from './streams/watchers.ts';

/** The parts of a running controller from which metrics and status are read. */
export interface ControllerParts {
  readonly settings: Settings;
  readonly clock: Clock;
  /** When this run began, on the monotonic clock. */
  readonly startedMs: MonotonicMs;
  readonly core: Core;
  readonly mesh: Mesh;
  readonly store: KVController;
  readonly storage: Storage;
  readonly clients: ClientTable;
  readonly unidentified: UnidentifiedConnections;
  readonly budget: ClientBudget;
  readonly statistics: Statistics;
  readonly keyspaceKeys: KeyspaceKeys;
  readonly largeKeys: LargeKeys;
  readonly dumps: Dumps;
  readonly watchers: Watchers;
}
