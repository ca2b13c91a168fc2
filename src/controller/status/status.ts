import type { ControllerId } from '../../base/number-kinds.ts';
import type { Configuration } from '../../placement/configuration.ts';
import type { OrderedScheme, PlacedLevel } from '../../placement/placed-level.ts';

/** What `show json` prints in one line: the cluster as one controller sees it. Fields are only ever added. */
export interface Status {
  readonly cluster: string;
  readonly controller: ControllerId;
  readonly address: string;
  readonly version: string;
  /** The level of the default keyspace. */
  readonly level: string;
  /** All keyspaces, the default one first. */
  readonly keyspaces: readonly KeyspaceStatus[];
  /** The shards of all keyspaces that have several. */
  readonly shards: readonly ShardStatus[];
  readonly levels: LevelsStatus;
  /** True when reads and writes are served; otherwise `reason` says what they wait for. */
  readonly ready: boolean;
  readonly reason: string;
  readonly reads: Service;
  readonly writes: Service;
  readonly uptimeSeconds: number;
  /** That of the first group with ordered keyspaces. */
  readonly view: ViewStatus;
  /** Those of the other groups with ordered keyspaces. */
  readonly otherViews: readonly ViewStatus[];
  readonly time: {
    /** Cluster time in milliseconds since 1970; null while there is none, and `reason` says why. */
    readonly nowMs: number | null;
    readonly reason: string;
  };
  readonly requests: { readonly pending: number; readonly completed: number };
  readonly keys: number;
  readonly store: {
    readonly type: string;
    readonly address: string;
    readonly up: boolean;
    readonly reason: string;
    /** The instance of the store; empty while it is not known. */
    readonly instance: string;
    /**
     * How often another process was found in place of the store, and how often the store was found emptied.
     */
    readonly instances: number;
    readonly emptied: number;
  };
  readonly refill: RefillStatus;
  readonly values: ValuesStatus;
  readonly journal: JournalStatus;
  /** All controllers of the cluster, this one included, in the order of their ids. */
  readonly peers: readonly PeerStatus[];
}

/** The controllers, as this one knows them. */
export interface MembersStatus {
  /** How often they were changed; 0 while all that are configured vote. */
  readonly epoch: number;
  /** A change is under way: another one would be refused. */
  readonly changing: boolean;
  readonly controllers: readonly MemberStatus[];
  /**
   * The configuration of the view that this controller serves in, for one that was added and starts for the first time.
   * Null: there is no view, or it goes by the configuration file. A change that may still not happen is not in it.
   */
  readonly agreed: Configuration | null;
}

export interface MemberStatus {
  readonly id: number;
  readonly address: string;
  /** It counts for majorities, and serves. */
  readonly votes: boolean;
  /** As that of a `PeerStatus`. */
  readonly up: boolean | null;
  /** As in `PeerStatus`. */
  readonly role: string;
}

/** The levels that this controller goes by. */
export interface LevelsStatus {
  /** How often the keyspaces were changed while the cluster ran; 0 while it goes by its configuration. */
  readonly epoch: number;
  /** All keyspaces, the default one first. */
  readonly keyspaces: readonly KeyspaceLevel[];
  /** The names of those that are configured, and were removed while the cluster ran. */
  readonly removed: readonly string[];
  /** Addresses of controllers that may go by the levels before the last change. */
  readonly unaware: readonly string[];
  /** A change that a client of this controller has asked for is under way. */
  readonly changing: boolean;
  /** The change by which keys get another group; null while there is none. */
  readonly move: MoveStatus | null;
}

/** How far a change by which keys get another group is. */
export interface MoveStatus {
  readonly keyspace: string;
  /** Null: the keyspace is added. */
  readonly from: KeyspaceSide | null;
  /** Null: the keyspace is removed. */
  readonly to: KeyspaceSide | null;
  /** Null where they stay as they are. */
  readonly shards: ChangedShards | null;
  /** `preparing`, `paused` and `barrier`: it can be cancelled. `settling`: the change holds, and the rest is cleared. */
  readonly phase: string;
  readonly controllers: readonly MovePartStatus[];
}

/** What changes of the shards of a keyspace. */
export interface ChangedShards {
  /** How many shards it had; 0 where it had none. */
  readonly from: number;
  /** How many it gets. */
  readonly to: number;
  /** The numbers of those that it gets on other controllers. */
  readonly moved: readonly number[];
}

/** A keyspace before or after a change. */
export interface KeyspaceSide {
  readonly prefix: string;
  /** With the scheme. */
  readonly level: PlacedLevel;
}

/** The part of one controller in it. */
export interface MovePartStatus {
  readonly address: string;
  /** How far it has come in this phase; empty where it has said nothing of it. */
  readonly step: string;
  /** Records that it has copied or forgotten, and how many there are about. */
  readonly done: number;
  readonly total: number;
  /** What it waits for; empty for nothing but time. */
  readonly waitsFor: string;
}

export interface KeyspaceLevel {
  readonly name: string;
  /** Empty for the default keyspace. */
  readonly prefix: string;
  readonly level: string;
  /** How the ordered levels are replicated; null at the other levels. */
  readonly scheme: OrderedScheme | null;
  /** The same in the configuration of this controller; null where it has no keyspace of this name. */
  readonly configured: KeyspaceSide | null;
}

export interface KeyspaceStatus {
  readonly name: string;
  /** Empty for the default keyspace. */
  readonly prefix: string;
  readonly level: string;
  /** How the ordered levels are replicated; null at the other levels. */
  readonly scheme: OrderedScheme | null;
  /** Where several keyspaces share a group, as they were counted a few seconds ago. */
  readonly keys: number;
  readonly reads: KeyspaceService;
  readonly writes: KeyspaceService;
  /** Requests that were answered with a server error. */
  readonly errors: number;
  /** How far this controller is behind the peer that it is furthest behind, in the group that has the keyspace. */
  readonly behind: { readonly writes: number; readonly ms: number };
}

/** A shard of a keyspace. */
export interface ShardStatus {
  readonly keyspace: string;
  /** From 0. */
  readonly shard: number;
  /** The ids of the controllers that have it. */
  readonly controllers: readonly number[];
  /** Its keys here; null where this controller does not have it. */
  readonly keys: number | null;
  /** Whether its keys are served here or by a controller that can be reached; if not, `reason` says why. */
  readonly service: Service;
}

export interface KeyspaceService extends Service {
  /** How many requests clients have made here. Nothing is counted where there is only one keyspace. */
  readonly requests: number;
}

/** Whether this controller serves its clients; if not, `reason` says why. */
export interface Service {
  readonly ready: boolean;
  readonly reason: string;
}

/** The last refill of the store; `reason` is empty when there was none. */
export interface RefillStatus {
  readonly running: boolean;
  readonly reason: string;
  /** Keys that were checked, and keys to check. */
  readonly done: number;
  readonly total: number;
  /** Values that were put back into the store, from the journal and from peers. */
  readonly fromJournal: number;
  readonly fromPeers: number;
  readonly tookMs: number;
  /** The refill ended early, because the store began to evict. */
  readonly full: boolean;
}

/**
 * Reads to which the store had no answer or no value although it should have had one, and where the value was
 * found.
 */
export interface ValuesStatus {
  readonly missing: number;
  /**
   * Of the reads in `missing`, those that the store did not answer because it was down or too slow: it may
   * have the value.
   */
  readonly unanswered: number;
  readonly fromJournal: number;
  readonly fromPeers: number;
  /** Values that neither the journal nor any peer had. */
  readonly lost: number;
}

export interface JournalStatus {
  readonly durability: string;
  /** Why the journal takes no writes now; empty when it does. */
  readonly reason: string;
  /** Records of the journal, tombstones included. */
  readonly entries: number;
  /** Bytes that wait in memory for the disk. */
  readonly backlogBytes: number;
  readonly diskBytes: number;
  /** Milliseconds since the last flush ended; null when there was none in this run. */
  readonly lastFlushMs: number | null;
  /** Records that were read at the start, and how long that took in milliseconds. */
  readonly recoveredEntries: number;
  readonly recoveredMs: number;
}

/**
 * The view that this controller serves in. `ballot` is empty when it serves in none, and at a level without
 * views.
 */
export interface ViewStatus {
  readonly ballot: string;
  /** From the head to the tail, where they are a chain. */
  readonly members: readonly number[];
  /** How writes reach the members. */
  readonly scheme: OrderedScheme;
  /** Why this view replaced the one before. */
  readonly reason: string;
  /** Milliseconds since this controller installed the view; null while it serves in none. */
  readonly ageMs: number | null;
  /**
   * For how many milliseconds this controller may still serve strong reads without hearing from others; null
   * where no lease is needed.
   */
  readonly leaseLeftMs: number | null;
  /** The ids of silent controllers that take part in the group. */
  readonly suspected: readonly number[];
  /** The shard whose view this is, for people; empty where the group has whole keyspaces. */
  readonly shard: string;
}

export interface PeerStatus {
  readonly id: ControllerId;
  readonly address: string;
  /**
   * True for this controller, and for a peer that was heard within the threshold. Null where the two exchange no
   * heartbeats, and this controller has no requests for the peer: then nothing is known here.
   */
  readonly up: boolean | null;
  readonly self: boolean;
  /** Milliseconds since the peer was last heard; null when it never was; 0 for this controller. */
  readonly lastHeardMs: number | null;
  readonly syncing: boolean;
  /** The writes that the exchange under way has brought, and their total; null before the first write. */
  readonly sync: { readonly writes: number; readonly total: number } | null;
  /** Milliseconds since the last exchange with the peer was completed; null when there was none. */
  readonly lastSyncMs: number | null;
  /** How far this controller is behind the peer, by this machine's monotonic clock; null for this controller. */
  readonly behind: {
    /** Writes that the peer is known to have, and that are missing here. */
    readonly writes: number;
    /** Milliseconds since this controller had everything that the peer had told of; null: not in this run. */
    readonly ms: number | null;
  } | null;
  /**
   * Milliseconds by which the wall clock is ahead of cluster time; negative when it is behind; null when that
   * is not known.
   */
  readonly clockAheadMs: number | null;
  /**
   * Both controllers are members of the view, so each receives the writes of the other without an exchange.
   */
  readonly inStep: boolean;
  /**
   * `member`, `joining` or `down`; `takes no writes: …` or `refused: …` with the reason. For this controller
   * also `cut off` (from the other members of its last view) and `waiting` (for enough controllers to form a
   * view).
   */
  readonly role: string;
  /** Why the store of this controller cannot be used; empty when it can be, and when nothing is known. */
  readonly storeTrouble: string;
}
