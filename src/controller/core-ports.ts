import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { DifferenceLimits } from '../consistency/differences.ts';
import type { AnswerLocally } from '../consistency/request-kinds.ts';
import type { Journal } from '../journal/journal.ts';
import type { RecoveredState } from '../journal/recovered-state.ts';
import type { GroupBuses } from '../membership/peer-bus.ts';
import type { ViewLog } from '../membership/view-record.ts';
import type { PeerMessage } from '../peer/messages.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { PlannedGroup } from './group-plan.ts';
import type { Settings } from './settings.ts';

/** What a group keeps beyond a run. */
export interface GroupStorage {
  readonly journal: Journal;
  /** What the journal has from an earlier run. */
  readonly recovered: RecoveredState;
  /** The record of the group's views. Of use to ordered groups beside the root group, which has `CorePorts.viewLog`. */
  readonly viewLog: ViewLog;
}

/** A group whose state must not be used any more. */
export interface AbandonedGroup {
  readonly group: GroupNumber;
  /** Human-readable. */
  readonly reason: string;
}

/** What the core of a controller asks of the world around it. */
export interface CorePorts {
  readonly settings: Settings;
  /** The configuration that holds while no view has one. */
  readonly configured: Configuration;
  readonly incarnation: number;
  readonly bus: GroupBuses<PeerMessage>;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  /** The peer that is connected runs a release that knows placements. */
  readonly knowsPlacements: (peer: ControllerId) => boolean;
  /** Bytes that wait to be sent to the peer. */
  readonly waitingBytes: (peer: ControllerId) => number;
  /** Ends the link to a peer that has sent what no controller would send. */
  readonly refuse: (peer: ControllerId, reason: string) => void;
  /** Ends the link to a peer that has been silent for too long; a new link will be made. */
  readonly breakLink: (peer: ControllerId, reason: string) => void;
  /** Makes a link for requests to a peer, again and again until `hangUp`: see `PassingPeers`. */
  readonly call: (peer: ControllerId) => void;
  readonly hangUp: (peer: ControllerId) => void;
  /**
   * Heartbeats are exchanged with the peer from now on, or no more. What links there are go on: one over which requests
   * go now carries everything, and `Core.onPeerUp` is called if there is one.
   */
  readonly relink: (peer: ControllerId) => void;
  /** A link for requests ends after so long without any, in milliseconds. */
  readonly linkIdleMs: number;
  /** The groups with entries at the start, by number. */
  readonly planned: readonly PlannedGroup[];
  /** The journal of one of these. */
  readonly storageOf: (group: GroupNumber) => GroupStorage;
  /** Opens the journal of a further group. @param done told why it could not be opened */
  readonly openGroup: (plan: PlannedGroup, done: (opened: GroupStorage | string) => void) => void;
  /** Closes the journal of a group that has ended. It may be opened again once that is done. */
  readonly closeGroup: (group: GroupNumber, done: () => void) => void;
  /** The record of the root group's views. */
  readonly viewLog: ViewLog;
  readonly store: EntryStore;
  /** See `READ_WINDOW_BYTES`, which is the default. */
  readonly readWindowBytes?: number;
  /** See `DIFFERENCE_LIMITS`, which is the default. */
  readonly differences?: DifferenceLimits;
  /** See `STAGED_BYTES_MAX`, which is the default. */
  readonly stagedBytesMax?: number | undefined;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: Random;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** Authenticates session tokens, by a key that all controllers of the cluster have. */
  readonly tokenMac: (bytes: Buffer) => Buffer;
  readonly nextTurn: (callback: () => void) => void;
  /** One reply alone has this value from now on: its memory may be used again once that has been sent. */
  readonly lend: (value: Buffer) => void;
  /** Links lead to these controllers from now on, and to no others. */
  readonly onConfiguration: (configuration: Configuration) => void;
  /** Requests that wait should be tried again. */
  readonly onChange: () => void;
  /**
   * No controller can continue from what this run knows of a group: it ends, and the next one begins with that group
   * empty.
   */
  readonly startEmpty: (abandoned: AbandonedGroup) => void;
  readonly log: Log;
  /** Answers a request that concerns no entry. */
  readonly local: AnswerLocally;
}
