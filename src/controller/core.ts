import { Coordinator } from '../consistency/coordinator.ts';
import { POLICIES } from '../consistency/policies.ts';
import { Absence } from '../membership/absence.ts';
import { Departure } from '../membership/departure.ts';
import { NO_PART_IN_VIEWS } from '../membership/membership.ts';
import type { Heartbeat } from '../membership/messages.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { Peers } from '../membership/peers.ts';
import type { View } from '../membership/view.ts';
import { NO_VERSION } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import type { MessageChecks } from '../peer/message-checks.ts';
import type { PeerMessage } from '../peer/messages.ts';
import { Router } from '../placement/router.ts';
import { OrderedSide } from '../replication/broadcast/ordered-side.ts';
import { ConvergentSide } from '../replication/convergent/convergent-side.ts';
import { graceMsOf } from '../replication/convergent/first-sync.ts';
import { KeptProgress, recoveredVector } from '../replication/exchange/kept-progress.ts';
import { Sync } from '../replication/exchange/sync.ts';
import { READ_WINDOW_BYTES, readWindows } from '../replication/read-windows.ts';
import { Replica } from '../replication/replica.ts';
import { StoreRecovery } from '../replication/restore/store-recovery.ts';
import type { Scheme } from '../replication/scheme.ts';
import { timeGate } from '../replication/time-gate.ts';
import { Upkeep } from '../replication/upkeep.ts';
import { HotEntries } from '../store/hot-entries.ts';
import type { CorePorts } from './core-ports.ts';
import { CoreTime } from './core-time.ts';
import { Health } from './health.ts';
import { PeerLog } from './peer-log.ts';
import { peersOf } from './peers-of.ts';
import { Roles } from './roles.ts';
import { breakSilentLinks } from './silent-links.ts';

/**
 * One controller without its sockets, files and timers: everything between what arrives and what leaves. A
 * controller process and a simulation run this same code; they differ in the ports that they give it.
 */
export class Core {
  readonly coordinator: Coordinator;
  readonly scheme: Scheme;
  readonly peers: Peers;
  readonly sync: Sync;
  readonly time: CoreTime;
  readonly replica: Replica;
  readonly recovery: StoreRecovery;
  readonly departure: Departure;
  readonly roles: Roles;
  readonly #ports: CorePorts;
  readonly #upkeep: Upkeep;
  readonly #known: VersionVector;
  readonly #kept: KeptProgress;
  readonly #ordered: OrderedSide | null = null;
  readonly #convergent: ConvergentSide | null = null;
  readonly #absence: Absence;
  readonly #admission: MessageChecks;
  readonly #peerLog: PeerLog;
  readonly #health: Health;
  /** It knows that it has to start anew, and does nothing more. */
  #isOver = false;

  constructor(ports: CorePorts) {
    const { settings, clock, requestFlush } = ports;
    const bus = ports.bus.of(ROOT_GROUP);
    const nodes = settings.peers.length;
    this.#ports = ports;
    this.#known = recoveredVector(ports.recovered, nodes);
    this.#kept = new KeptProgress(
      {
        journal: ports.journal,
        applied: () => this.#ordered?.engine.marked ?? NO_VERSION,
        known: () => this.#knownNow(),
      },
      recoveredVector(ports.recovered, nodes),
    );
    const hot = new HotEntries(settings.hotBytesMax);
    const windows = readWindows(requestFlush, ports.readWindowBytes ?? READ_WINDOW_BYTES);
    const clusterMs = () => this.time.cluster.nowMs();
    this.replica = new Replica(ports.journal, ports.store, hot, clusterMs, windows);
    this.peers = peersOf(ports, TICK_MS);
    this.time = new CoreTime(ports, this.peers, () => this.#onChange());
    this.#peerLog = new PeerLog({ ...ports, peers: this.peers });
    this.#absence = new Absence({ peers: this.peers, clock, horizonMs: settings.tombstoneHorizonMs });
    this.departure = new Departure({
      clock,
      isNeeded: () => !this.#isOver && this.scheme.isNeeded,
      announce: () => this.onHeartbeatTick(),
    });
    this.sync = this.#syncer();
    const shared = {
      node: settings.self,
      versions: this.time.versions,
      bus,
      replica: this.replica,
      requestFlush,
    };
    this.#admission = this.time.admission();
    if (POLICIES[settings.level].engine === 'ordered') {
      this.#ordered = new OrderedSide({
        ...ports,
        ...shared,
        nodes,
        peers: this.peers,
        exchanges: this.sync,
        mayForm: settings.form,
        leaseMs: settings.leaseMs,
        queueBytesMax: settings.queueBytesMax,
        durability: settings.durability,
        sync: settings.durability === 'sync',
        timeGate: (need) => timeGate(this.time.cluster, need, false),
        suspectAfterMs: settings.heartbeatMs * settings.threshold,
        known: () => this.#kept.marked,
        announce: () => this.onHeartbeatTick(),
        mayPropose: () => this.departure.phase !== 'drained',
        onChange: () => this.#onChange(),
        startAnew: (reason) => this.#startAnew(reason),
      });
      this.scheme = this.#ordered;
    } else {
      this.#convergent = new ConvergentSide({
        ...shared,
        peers: this.peers,
        exchanges: this.sync,
        clock,
        graceMs: graceMsOf(settings),
        known: this.#known,
        sync: settings.durability === 'sync',
        timeGate: (need) => timeGate(this.time.cluster, need, true),
        agreedMs: () => this.time.cluster.agreedMs,
        onChange: () => this.#onChange(),
      });
      this.scheme = this.#convergent;
    }
    this.#health = new Health({
      replica: this.replica,
      ordered: this.#ordered,
      clock,
      tickMs: TICK_MS,
      storeAnswerMs: () => this.recovery.storeAnswerMs,
    });
    this.roles = new Roles({
      node: settings.self,
      peers: this.peers,
      ordered: this.#ordered,
      isCaughtUp: () => this.scheme.isCaughtUp,
      journalFailure: () => this.#health.journalFailure,
    });
    this.coordinator = this.#coordinator();
    this.recovery = this.#storeRecovery();
    this.replica.onMissing = (record, trouble, done, reader) =>
      this.recovery.find(record, trouble, done, reader);
    this.#upkeep = new Upkeep({
      journal: ports.journal,
      ordered: this.#ordered?.engine ?? null,
      agreedMs: () => this.time.cluster.agreedMs,
      dropValue: (key) => this.replica.dropValue(key),
      peers: () =>
        this.peers.ids.map((peer) => ({
          known: this.peers.knownBy(peer),
          isAbsent: this.#absence.isAbsent(peer),
        })),
      mayForgetEarly: () => this.sync.isIdle,
      speaksFor: (node) => this.roles.speaksFor(node),
    });
  }

  /** The view that this controller serves in; null at a level that needs none, or while none holds. */
  get view(): View | null {
    return this.#ordered?.membership.view ?? null;
  }

  /** Milliseconds for which this controller may serve strong reads without hearing more; null where views don't matter. */
  get leaseLeftMs(): number | null {
    return this.#ordered?.membership.leaseLeftMs ?? null;
  }

  /** Why requests can't be served yet; empty when they can. */
  get notReadyBecause(): string {
    const gate = this.scheme.gate('strong-read');
    if (gate.state !== 'open') return gate.reason;
    return this.replica.storeTrouble() ?? '';
  }

  /** At the end of a turn: what has gathered leaves. */
  flush(): void {
    if (this.#isOver) return;
    this.scheme.flush();
    this.replica.onTurnEnd();
  }

  onPeerUp(peer: number): void {
    if (this.#isOver) return;
    this.onHeard(peer);
    this.#ports.bus.of(ROOT_GROUP).send(peer, this.#heartbeat());
    this.scheme.onPeerUp(peer);
    this.recovery.onPeerUp();
  }

  onPeerDown(peer: number): void {
    this.sync.onPeerDown(peer);
    this.recovery.onPeerDown(peer);
    this.scheme.onPeerDown(peer);
    this.peers.onDown(peer);
    this.time.onPeerDown(peer);
  }

  /** Nobody listens any more where the peer did: its process is gone. */
  onPeerGone(peer: number): void {
    if (!this.#isOver && this.peers.onGone(peer)) this.#onSuspect(peer);
  }

  /** Anything came from the peer. */
  onHeard(peer: number): void {
    if (!this.peers.onHeard(peer)) return;
    this.#peerLog.up(peer);
    this.#onChange();
  }

  /** @param _group that the peer has named: there is one group */
  onMessage(from: number, _group: number, message: PeerMessage): void {
    if (this.#isOver) return;
    // First, since it may be what this controller gets the time from.
    if (message.type === 'heartbeat') this.time.onHeartbeat(from, message);
    const flaw = this.#admission.flawOf(from, message);
    if (flaw !== null) return this.#ports.refuse(from, flaw);
    switch (message.type) {
      case 'ordered':
      case 'push':
        return this.scheme.onMessage(from, message);
      case 'heartbeat':
        return this.#onHeartbeat(from, message);
      case 'sync-request':
        return this.sync.onRequest(from, message);
      case 'sync-response':
        return this.sync.onResponse(from, message);
      case 'sync-lapsed':
        return this.sync.onLapsed(from, message.exchange);
      case 'sync-next':
        return this.sync.onNext(from, message.exchange);
      case 'sync-complete':
        return this.sync.onComplete(from, message);
      case 'fetch':
      case 'fetched':
      case 'fetch-many':
      case 'fetched-many':
        return this.recovery.onMessage(from, message);
      case 'prepare':
      case 'promised':
      case 'rejected':
      case 'accept':
      case 'accepted':
      case 'install':
      case 'granted':
        this.#ordered?.membership.onMessage(from, message);
        return;
      // MessageChecks has refused these.
      case 'hello':
      case 'proof':
      case 'welcome':
      case 'refusal':
        return;
    }
  }

  /** Every `TICK_MS`. */
  onTick(): void {
    if (this.#isOver) return;
    for (const peer of this.peers.onTick()) this.#onSuspect(peer);
    this.time.onTick();
    this.scheme.onTick();
    this.sync.onTick();
    this.#absence.onTick();
    this.coordinator.onTick();
    this.recovery.onTick();
    this.#upkeep.onTick();
    this.#health.onTick();
    this.departure.onTick();
  }

  /** The journal takes writes again. */
  onWritable(): void {
    this.#onChange();
  }

  /** Every `heartbeat_time`. */
  onHeartbeatTick(): void {
    if (this.#isOver) return;
    this.#kept.step();
    this.time.onHeartbeatTick();
    breakSilentLinks(this.peers, this.#ports);
    this.#ports.bus.of(ROOT_GROUP).broadcast(this.#heartbeat());
  }

  /** Every `sync_interval`. */
  onSyncTick(): void {
    if (!this.#isOver) this.scheme.onSyncTick();
  }

  #onChange(): void {
    this.coordinator.onChange();
    this.#ports.onChange();
  }

  #syncer(): Sync {
    const { clock, log } = this.#ports;
    return new Sync({
      node: this.#ports.settings.self,
      bus: this.#ports.bus.of(ROOT_GROUP),
      mayTake: (peer) => this.scheme.mayTake(peer),
      // An ordered write is journalled once it is agreed: it is never taken back.
      afterPending: (key, callback) => this.#convergent?.engine.afterPending(key, callback) ?? false,
      isAuthority: this.#ordered !== null,
      refuse: (peer, reason) => this.#ports.refuse(peer, reason),
      lapseAfterMs: this.#ports.settings.tombstoneHorizonMs / 2,
      onLapsed: (peer) =>
        this.#startAnew(`${this.peers.nameOf(peer)} has forgotten deletions that this controller has missed`),
      replica: this.replica,
      known: () => this.#knownNow(),
      clock,
      timeoutMs: SYNC_TIMEOUT_MS,
      applyRemote: (effect) => this.scheme.merge(effect),
      onSynced: (peer, exchange) => this.scheme.onSynced(peer, exchange),
      nameOf: (peer) => this.peers.nameOf(peer),
      log,
    });
  }

  #startAnew(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ports.startAnew(reason);
  }

  #coordinator(): Coordinator {
    const { settings, clock, local, nextTurn, lend } = this.#ports;
    return new Coordinator({
      nextTurn,
      lend,
      router: new Router([{ prefix: '', policy: POLICIES[settings.level], group: { scheme: this.scheme } }]),
      timeMs: () => this.time.cluster.nowMs(),
      clock,
      requestTimeoutMs: settings.requestTimeoutMs,
      itemBytesMax: settings.itemBytesMax,
      waitingFor: () => (this.peers.missing === '' ? '' : `waiting for ${this.peers.missing}`),
      local,
    });
  }

  #storeRecovery(): StoreRecovery {
    const { settings, recovered, incarnation } = this.#ports;
    return new StoreRecovery({
      ...this.#ports,
      bus: this.#ports.bus.of(ROOT_GROUP),
      replica: this.replica,
      timeMs: () => this.time.cluster.nowMs(),
      isTimed: () => this.time.cluster.isAgreed,
      peers: this.peers.ids,
      name: recovered.identity || incarnation.toString(36),
      startedAt: recovered.position,
      timeoutMs: settings.requestTimeoutMs,
      onGone: (record, done, failed) => this.coordinator.agreeLoss(record, done, failed),
    });
  }

  #onHeartbeat(from: number, heartbeat: Heartbeat): void {
    this.time.versions.observe(heartbeat.time);
    const wasStoreUp = (this.peers.heartbeat(from)?.storeTrouble ?? '') === '';
    if (this.peers.onHeartbeat(from, heartbeat)) {
      this.#peerLog.journal(from, heartbeat);
      this.#onChange();
    }
    if (wasStoreUp !== (heartbeat.storeTrouble === '')) this.#peerLog.store(from, heartbeat);
    this.#ordered?.membership.onHeartbeat(from, heartbeat);
    this.departure.onTick();
  }

  #onSuspect(peer: number): void {
    this.#peerLog.down(peer);
    this.#onChange();
  }

  #heartbeat(): Heartbeat {
    return {
      type: 'heartbeat',
      ...this.time.announcement,
      ...(this.#ordered?.membership.announcement ?? NO_PART_IN_VIEWS),
      ...this.#health.announcement,
      caughtUp: this.scheme.isCaughtUp,
      known: this.#kept.times,
      departure: this.departure.phase,
      heard: this.peers.askedMs(this.#ports.settings.peers.length),
    };
  }

  #knownNow(): VersionVector {
    if (this.#ordered !== null) this.#known.settleUpTo(this.#ordered.engine.applied);
    return this.#known;
  }
}

/** How often `onTick` is to be called, in milliseconds: how late a deadline may be noticed. */
export const TICK_MS = 20;

/** An exchange with a peer that makes no progress for this long is begun anew, in milliseconds. */
const SYNC_TIMEOUT_MS = 2_000;
