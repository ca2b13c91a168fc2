import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { Durability } from '../journal/durability.ts';
import type { RecoveredState } from '../journal/recovered-state.ts';
import type { ClusterClock } from '../membership/cluster-clock.ts';
import type { Gate } from '../membership/gate.ts';
import type { PeerBus } from '../membership/peer-bus.ts';
import type { Peers } from '../membership/peers.ts';
import type { ViewLog } from '../membership/view-record.ts';
import type { HybridClock } from '../ordering/hybrid-clock.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { Evaluator } from './evaluation.ts';
import type { SchemeMessage } from './messages.ts';
import type { Replica } from './replica.ts';
import type { ReplicaReads } from './replica-reads.ts';

/** What the settings say of a way to replicate. */
export interface SchemeSettings {
  /** The group may have entries. Otherwise a controller has nothing to remember but its record of views. */
  readonly hasEntries: boolean;
  readonly durability: Durability;
  /** A majority of controllers that remember nothing may begin an empty cluster without the others. */
  readonly mayForm: boolean;
  readonly leaseMs: number;
  /** How long a peer may be silent before it is missed. */
  readonly suspectAfterMs: number;
  /** How long unreachable peers are waited for at the start, in milliseconds. */
  readonly startGraceMs: number;
  /** The most bytes of writes that may wait for agreement before further writes have to wait outside. */
  readonly queueBytesMax: number;
  readonly tombstoneHorizonMs: number;
  /** See `STAGED_BYTES_MAX`, which is the default. */
  readonly stagedBytesMax?: number | undefined;
}

/** What the controller gives to every scheme: the same for all groups. */
export interface ControllerPorts {
  readonly node: ControllerId;
  /** The controllers of the cluster, this one included. */
  readonly configuration: () => Configuration;
  /**
   * One more than the largest id that any controller of the cluster ever had. A group of a shard has writes of
   * controllers that are no members of it: they come from other groups, by moves.
   */
  readonly originsEnd: () => number;
  /** The configuration that holds while no view has one. */
  readonly configured: Configuration;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Cluster time. */
  readonly time: ClusterClock;
  /** Stamps the writes of this controller. */
  readonly versions: HybridClock;
  readonly peers: Peers;
  /** The peer was silent for so long that deletions are not kept for it. */
  readonly isAbsent: (peer: ControllerId) => boolean;
  /** Whether a controller takes part in the group. */
  readonly isMember: (controller: ControllerId) => boolean;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  /** No peer is connected that does not understand differences: see `JoinEffect`. */
  readonly takesDifferences: () => boolean;
  /** Open while this controller holds a lease of the view that has its placement. */
  readonly placementGate: () => Gate;
  /**
   * Whether this controller may answer alone, as at the convergent levels: open while it votes, and goes by a placement
   * that is not changed without it.
   */
  readonly votingGate: () => Gate;
  /**
   * Whether this controller knows all that may answer alone in the group: open while it holds a lease, so that no later
   * view has voters of which it does not know.
   */
  readonly votersGate: () => Gate;
  /**
   * When the peer said first, here, that it votes no more, and answers nobody by the present configuration; null where
   * it has not.
   */
  readonly retiredMs: (peer: ControllerId) => MonotonicMs | null;
  /** The group was one of a shard that certainly is no more. Other groups have all that it had. */
  readonly hasEnded: (group: GroupNumber) => boolean;
  /** Slots may have gone from shard to shard. */
  readonly hasMovedShards: () => boolean;
  /** Ends the link to a peer that has sent what no controller would send. */
  readonly refuse: (peer: ControllerId, reason: string) => void;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** Another placement may hold here. Called before any other controller is told. */
  readonly onPlacement: () => void;
  /** A gate may have opened, or closed. */
  readonly onChange: () => void;
  /** Has a heartbeat sent at once. */
  readonly announce: () => void;
  /** This controller is about to end, and serves no client any more. */
  readonly isDrained: () => boolean;
  /** No controller can continue from what this one knows: it has to begin again, empty. */
  readonly startEmpty: (reason: string) => void;
}

/** What a scheme asks of the world around it. */
export interface SchemePorts {
  /** The number of the group. */
  readonly group: GroupNumber;
  /** The controllers that take part in the group, which never change; null for all of the cluster. */
  readonly members: readonly ControllerId[] | null;
  readonly controller: ControllerPorts;
  /** The peer's version vector of the group, as the peer says. */
  readonly knownBy: (peer: ControllerId) => VersionVector;
  readonly settings: SchemeSettings;
  readonly bus: PeerBus<SchemeMessage>;
  readonly replica: Replica;
  readonly reads: ReplicaReads;
  /** Evaluates conditional requests. */
  readonly evaluator: Evaluator;
  /**
   * The version vector of the group, as exchanges and pushes have brought it. A vector of one group says nothing
   * about another group.
   */
  readonly vector: VersionVector;
  /** The version vector that was last recorded in the group's journal. */
  readonly recordedKnown: () => readonly number[];
  readonly recovered: RecoveredState;
  readonly viewLog: ViewLog;
  readonly log: Log;
}
