import { failure } from '../base/error-codes.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Journal } from '../journal/journal.ts';
import type { RecoveredState } from '../journal/recovered-state.ts';
import type { Gate } from '../membership/gate.ts';
import type { PeerBus } from '../membership/peer-bus.ts';
import type { ViewLog } from '../membership/view-record.ts';
import type { ChainSum } from '../ordering/effect.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import { idsEndOf } from '../placement/configuration.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { HotEntries } from '../store/hot-entries.ts';
import type { DifferenceBase, Evaluator } from './evaluation.ts';
import { DurableVector, recoveredVector } from './exchange/durable-vector.ts';
import type { Announcement, GroupMessage } from './messages.ts';
import { PeerLags } from './peer-lags.ts';
import type { ReadWindows } from './read-windows.ts';
import { Replica } from './replica.ts';
import { ReplicaReads } from './replica-reads.ts';
import { OWN_CONTEXT } from './request-context.ts';
import { isRestoreMessage } from './restore/messages.ts';
import type { Loss } from './restore/repair.ts';
import { StoreRecovery } from './restore/store-recovery.ts';
import type { Scheme, WriteOutcome } from './scheme.ts';
import type { ControllerPorts, SchemeSettings } from './scheme-ports.ts';
import { SCHEMES, type SchemeName } from './schemes.ts';

export interface GroupPorts {
  /** Messages name the group by this number. */
  readonly number: number;
  readonly scheme: SchemeName;
  /** Of the group of a shard, the controllers that take part in it; null for a group of whole keyspaces. */
  readonly members: readonly ControllerId[] | null;
  readonly controller: ControllerPorts;
  readonly settings: SchemeSettings;
  readonly bus: PeerBus<GroupMessage>;
  readonly journal: Journal;
  /** What the journal has from an earlier run. */
  readonly recovered: RecoveredState;
  readonly viewLog: ViewLog;
  /** The store of the controller, which all groups share: no two of them have the same key. */
  readonly store: EntryStore;
  readonly hot: HotEntries;
  readonly windows: ReadWindows;
  readonly evaluator: Evaluator;
  readonly log: Log;
  /** A random name of the journal. */
  readonly journalName: string;
  /** How long a peer that is asked for values has to answer. */
  readonly requestTimeoutMs: number;
  readonly nextTurn: (callback: () => void) => void;
}

/**
 * The part of this controller in one group: a scheme, and the replica, journal, version vector, exchanges and
 * restoring of the entries that the group replicates. The clock, the links, the failure detector and the store belong
 * to the controller, and so does the memory that reads take.
 */
export class Group {
  readonly number: number;
  readonly schemeName: SchemeName;
  readonly members: readonly ControllerId[] | null;
  /** Reaches the other controllers that take part in the group. */
  readonly bus: PeerBus<GroupMessage>;
  readonly scheme: Scheme;
  readonly replica: Replica;
  readonly recovery: StoreRecovery;
  readonly #reads: ReplicaReads;
  readonly #durable: DurableVector;
  readonly #takesDifferences: () => boolean;
  readonly #placementGate: () => Gate;
  readonly #isMember: (controller: ControllerId) => boolean;
  /** What each peer that is connected says of its part in the group. */
  readonly lags: PeerLags;
  readonly #announced = new Map<ControllerId, PeerAnnouncement>();

  /** Each part is made from those before it. */
  constructor(ports: GroupPorts) {
    const { controller, journal, recovered, store, bus, settings, viewLog, log } = ports;
    const { time } = controller;
    const idsEnd = idsEndOf(controller.configuration());
    const timeMs = () => time.nowMs();
    this.number = ports.number;
    this.schemeName = ports.scheme;
    this.members = ports.members;
    this.bus = bus;
    this.#takesDifferences = controller.takesDifferences;
    this.#placementGate = controller.placementGate;
    this.#isMember = controller.isMember;
    const durable = new DurableVector(journal, recoveredVector(recovered, idsEnd));
    this.#durable = durable;
    this.replica = new Replica(journal, store, ports.hot, timeMs);
    this.recovery = recoveryOf(ports, this.replica);
    this.#reads = new ReplicaReads({
      replica: this.replica,
      store,
      windows: ports.windows,
      finder: this.recovery.finder,
      timeMs,
      isTimed: SCHEMES[ports.scheme].isOrdered ? () => controller.time.isAgreed : () => true,
      onIssue: SCHEMES[ports.scheme].hasSessions
        ? (key, record, { context }) => this.scheme.sessions?.onIssue(key, record, context.session)
        : null,
    });
    this.scheme = SCHEMES[ports.scheme].make({
      group: ports.number,
      members: ports.members,
      controller,
      knownBy: (peer) => this.#announced.get(peer)?.known ?? NOTHING_KNOWN,
      settings,
      bus,
      replica: this.replica,
      reads: this.#reads,
      evaluator: ports.evaluator,
      vector: recoveredVector(recovered, idsEnd),
      recordedKnown: () => durable.recorded,
      recovered,
      viewLog,
      log,
    });
    const { exchange } = this.scheme;
    this.lags = new PeerLags({ clock: controller.clock, known: () => this.scheme.known, exchange });
  }

  /** The next write of the group may be a difference. */
  get takesDifferences(): boolean {
    return SCHEMES[this.schemeName].takesDifferences && this.#takesDifferences();
  }

  placementGate(): Gate {
    return this.#placementGate();
  }

  chainOf(key: string): ChainSum | null {
    return this.replica.journal.chainOf(key);
  }

  baseOnDisk(key: string): DifferenceBase | null {
    return this.replica.baseOnDisk(key);
  }

  /** What a heartbeat says of the group. */
  get announcement(): Announcement {
    return { caughtUp: this.scheme.isCaughtUp, known: this.#durable.times };
  }

  /** Whether this controller takes part in the group. */
  has(controller: ControllerId): boolean {
    return this.#isMember(controller);
  }

  /** The peer is connected, and has said that it is caught up in the group. */
  isCaughtUpAt(peer: ControllerId): boolean {
    return this.#announced.get(peer)?.caughtUp ?? false;
  }

  onAnnouncement(from: ControllerId, { caughtUp, known }: Announcement): void {
    const vector = new VersionVector(known);
    this.#announced.set(from, { caughtUp, known: vector });
    this.lags.onAnnounced(from, vector);
  }

  onMessage(from: ControllerId, message: GroupMessage): void {
    if (message.type === 'announced') return this.onAnnouncement(from, message);
    if (!isRestoreMessage(message)) return this.scheme.onMessage(from, message);
    this.recovery.onMessage(from, message);
    this.#settleLosses();
  }

  onPeerUp(peer: ControllerId): void {
    this.scheme.onPeerUp(peer);
    this.recovery.onPeerUp();
  }

  onPeerDown(peer: ControllerId): void {
    this.#announced.delete(peer);
    this.scheme.onPeerDown(peer);
    this.recovery.onPeerDown(peer);
    this.#settleLosses();
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.scheme.onTick();
    this.recovery.onTick();
    this.#settleLosses();
  }

  /** To be called every `heartbeat_time`. */
  onHeartbeatTick(): void {
    this.#durable.step(this.scheme.known, this.scheme.resumePoint);
  }

  /** To be called at the end of an event-loop turn that was asked for: sends what the turn has gathered. */
  flush(): void {
    this.scheme.flush();
    this.#reads.onTurnEnd();
  }

  #settleLosses(): void {
    const losses = this.recovery.takeLosses();
    if (losses.length === 0) return;
    for (const loss of losses) settleLoss(this.scheme, loss);
  }
}

/** An announcement of a peer, as it is kept. */
interface PeerAnnouncement {
  readonly caughtUp: boolean;
  readonly known: VersionVector;
}

/** Of a peer that is not connected. It must not be changed. */
const NOTHING_KNOWN = new VersionVector([]);

/** No controller has the value of the write any more: the group agrees on its loss, as on a deletion. */
function settleLoss(scheme: Scheme, { record, settled, failed }: Loss): void {
  const gate = scheme.gate('write');
  if (gate.state !== 'open') return failed(failure('VALUE_LOST', `the value is lost, and ${gate.reason}`));
  const { key, version } = record;
  const onOutcome = (outcome: WriteOutcome): void => {
    if (outcome.kind === 'unknown') failed(failure('VALUE_LOST', outcome.reason));
    else settled();
  };
  scheme.write({ kind: 'delete', key, condition: version }, onOutcome, OWN_CONTEXT);
}

function recoveryOf(ports: GroupPorts, replica: Replica): StoreRecovery {
  const { controller, recovered, store, bus, log } = ports;
  const { time, clock, peers } = controller;
  return new StoreRecovery({
    replica,
    store,
    bus,
    // mutant: fetches-from-founders-alone
    peers: () => peers.ids,
    name: ports.journalName,
    startedAt: recovered.lastCommit,
    clock,
    timeMs: () => time.nowMs(),
    isTimed: () => time.isAgreed,
    timeoutMs: ports.requestTimeoutMs,
    nextTurn: ports.nextTurn,
    log,
  });
}
