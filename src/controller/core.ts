import { Coordinator } from '../consistency/coordinator.ts';
import { POLICIES } from '../consistency/level.ts';
import type { Journal, JournalRecord } from '../journal/journal.ts';
import { FailureDetector } from '../membership/failure-detector.ts';
import type { View } from '../membership/view.ts';
import { ViewChanger } from '../membership/view-changer.ts';
import { NO_ENTRY } from '../ordering/effect.ts';
import { HybridClock } from '../ordering/hybrid-clock.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import { clockRefusal } from '../peer/handshake.ts';
import { type Heartbeat, NO_BALLOT, type PeerBus, type PeerMessage } from '../peer/messages.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { ConvergentEngine } from '../replication/convergent-engine.ts';
import type { Engine } from '../replication/engine.ts';
import { OrderedEngine } from '../replication/ordered-engine.ts';
import { Repair, type RepairCounters } from '../replication/repair.ts';
import { Replica } from '../replication/replica.ts';
import { Sweeper } from '../replication/sweeper.ts';
import { Sync } from '../replication/sync.ts';
import type { EntryStore } from '../store/entry-store.ts';
import type { Settings } from './settings.ts';

export interface CorePorts {
  readonly settings: Settings;
  readonly incarnation: number;
  readonly bus: PeerBus;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: number) => number | null;
  /** Ends the link to a peer that can't be one any more. */
  readonly refuse: (peer: number, reason: string) => void;
  readonly journal: Journal;
  readonly store: EntryStore;
  /** Milliseconds since 1970; it may jump. */
  readonly wallMs: () => number;
  /** Monotonic, milliseconds. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  readonly nextTurn: (callback: () => void) => void;
  /** Sessions that hold requests back should try again. */
  readonly onChange: () => void;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Requests that concern no entry. */
  readonly local: (request: Request, answer: (reply: Reply) => void) => void;
}

/**
 * One controller without its sockets, files and timers: everything between what arrives and what leaves. A
 * controller process and a simulation run this same code; they differ in the ports that they give it.
 */
export class Core {
  readonly coordinator: Coordinator;
  readonly engine: Engine;
  readonly detector: FailureDetector;
  readonly sync: Sync;
  readonly clock: HybridClock;
  readonly #ports: CorePorts;
  readonly #peers: readonly number[];
  readonly #replica: Replica;
  readonly #repair: Repair;
  readonly #sweeper: Sweeper;
  readonly #known: VersionVector;
  readonly #ordered: OrderedEngine | null = null;
  readonly #convergent: ConvergentEngine | null = null;
  readonly #views: ViewChanger | null = null;
  readonly #heartbeats = new Map<number, Heartbeat>();
  readonly #syncedWith = new Set<number>();
  readonly #startedMs: number;
  #caughtUp = false;
  #missing = '';
  #transfer: { readonly from: number; readonly done: () => void } | null = null;
  #flushDueMs = 0;

  constructor(ports: CorePorts) {
    const { settings, bus, wallMs, nowMs, requestFlush } = ports;
    const nodes = settings.peers.length;
    this.#ports = ports;
    this.#peers = settings.peers.map((_, id) => id).filter((id) => id !== settings.self);
    this.#startedMs = nowMs();
    this.clock = new HybridClock(settings.self, wallMs);
    this.#known = VersionVector.zero(nodes);
    this.#replica = new Replica(ports.journal, ports.store, wallMs);
    this.detector = new FailureDetector(this.#peers, settings.heartbeatMs, settings.threshold, nowMs());
    const shared = { node: settings.self, clock: this.clock, bus, replica: this.#replica, requestFlush };
    if (POLICIES[settings.level].engine === 'ordered') {
      this.#ordered = new OrderedEngine({
        ...shared,
        nodes,
        onChange: ports.onChange,
        missing: () => this.#missing,
        queueBytesMax: settings.queueBytesMax,
      });
      this.#views = this.#viewChanger(this.#ordered);
      this.engine = this.#ordered;
    } else {
      this.#convergent = new ConvergentEngine({
        ...shared,
        known: this.#known,
        ownPastKnown: () => this.#peers.every((peer) => this.#syncedWith.has(peer)),
        caughtUp: () => this.#caughtUp,
      });
      this.engine = this.#convergent;
    }
    this.sync = this.#syncer();
    this.coordinator = this.#coordinator();
    this.#repair = this.#repairer();
    this.#replica.onLost = (record, done) => this.#repair.find(record, done);
    this.#sweeper = new Sweeper({
      journal: ports.journal,
      wallMs,
      peersKnown: () => this.#peers.map((peer) => this.#knownBy(peer)),
      onExpired: (record) => this.#onExpired(record),
    });
    this.#updateMissing();
  }

  /** The view that this controller serves in; null at a level that needs none, or while none holds. */
  get view(): View | null {
    return this.#views?.view ?? null;
  }

  /** Why requests can't be served yet; empty when they can. */
  get notReadyBecause(): string {
    const gate = this.engine.gate('strong-read');
    if (gate.state !== 'open') return gate.reason;
    return this.#replica.storeTrouble() ?? '';
  }

  get repairs(): RepairCounters {
    return this.#repair.counters;
  }

  /** Peers that are silent, for people; empty when there are none. */
  get missing(): string {
    return this.#missing;
  }

  /** At the end of a turn: what has gathered leaves. */
  flush(): void {
    this.#ordered?.flush();
    this.#convergent?.flush();
  }

  onPeerUp(peer: number): void {
    this.onHeard(peer);
    this.#ports.bus.send(peer, this.#heartbeat());
    this.#ordered?.onPeerUp(peer);
    if (!this.#caughtUp || this.#convergent !== null) this.sync.pull(peer);
  }

  onPeerDown(peer: number): void {
    this.sync.onPeerDown(peer);
    this.#repair.onPeerDown(peer);
    this.#convergent?.onPeerDown(peer);
    this.#heartbeats.delete(peer);
  }

  /** Anything came from the peer. */
  onHeard(peer: number): void {
    if (!this.detector.onHeard(peer, this.#ports.nowMs())) return;
    this.#ports.log('peer is up', { peer: this.#nameOf(peer) });
    this.#updateMissing();
    this.#ports.onChange();
  }

  onMessage(from: number, message: PeerMessage): void {
    switch (message.type) {
      case 'ordered':
        this.#ordered?.onFrame(from, message);
        return;
      case 'push':
        this.#convergent?.onPush(from, message);
        return;
      case 'heartbeat':
        return this.#onHeartbeat(from, message);
      case 'sync-request':
        return this.sync.onRequest(from, message);
      case 'sync-response':
        return this.sync.onResponse(from, message);
      case 'sync-next':
        return this.sync.onNext(from, message.exchange);
      case 'sync-complete':
        return this.sync.onComplete(from, message);
      case 'fetch':
        return this.#repair.onFetch(from, message);
      case 'fetched':
        return this.#repair.onFetched(from, message);
      default:
        this.#views?.onMessage(from, message);
    }
  }

  /** Every `TICK_MS`. */
  onTick(): void {
    this.coordinator.onTick();
    this.#repair.onTick();
    this.#views?.onTick();
    this.#convergent?.onTick(this.#ports.wallMs());
    this.#proposeDueFlush();
    this.#sweeper.step();
  }

  /** Every `heartbeat_time`. */
  onHeartbeatTick(): void {
    for (const peer of this.detector.onTick(this.#ports.nowMs())) {
      this.#ports.log('peer is down', { peer: this.#nameOf(peer) });
      this.#updateMissing();
      this.#ports.onChange();
    }
    this.#updateCaughtUp();
    this.#ports.bus.broadcast(this.#heartbeat());
  }

  /** Every `sync_interval`: asks those who know more. */
  onSyncTick(): void {
    const known = this.#knownNow();
    for (const peer of this.#peers) {
      if (!this.#caughtUp) this.sync.pull(peer);
      else if (this.#convergent !== null && !known.dominates(this.#knownBy(peer))) this.sync.pull(peer);
    }
  }

  /** The peer takes part: it is up, and as far as is known here it serves. */
  isMember(peer: number): boolean {
    if (this.#views === null) return this.#heartbeats.get(peer)?.caughtUp ?? false;
    return this.view?.members.some((member) => member.node === peer) ?? false;
  }

  #viewChanger(engine: OrderedEngine): ViewChanger {
    const { settings, incarnation, bus, nowMs, random, incarnationOf, log } = this.#ports;
    return new ViewChanger({
      node: settings.self,
      nodes: settings.peers.length,
      incarnation,
      bus,
      nowMs,
      random,
      engine,
      log,
      incarnationOf,
      isReady: (node) => (node === settings.self ? this.#caughtUp : this.#isReady(node)),
      transfer: (from, done) => {
        this.#transfer = { from, done };
        this.sync.restart(from);
      },
    });
  }

  #syncer(): Sync {
    const { bus, nowMs } = this.#ports;
    return new Sync({
      bus,
      replica: this.#replica,
      known: () => this.#knownNow(),
      nowMs,
      timeoutMs: SYNC_TIMEOUT_MS,
      applyRemote: (effect) => this.#applyRemote(effect),
      onSynced: (peer) => this.#onSynced(peer),
    });
  }

  #coordinator(): Coordinator {
    const { settings, wallMs, nowMs, local, nextTurn } = this.#ports;
    return new Coordinator({
      nextTurn,
      engine: this.engine,
      replica: this.#replica,
      policy: POLICIES[settings.level],
      wallMs,
      nowMs,
      requestTimeoutMs: settings.requestTimeoutMs,
      itemBytesMax: settings.itemBytesMax,
      waitingFor: () => (this.#missing === '' ? '' : `waiting for ${this.#missing}`),
      local,
    });
  }

  #repairer(): Repair {
    const { settings, bus, nowMs } = this.#ports;
    return new Repair({
      replica: this.#replica,
      bus,
      peers: this.#peers,
      nowMs,
      timeoutMs: settings.requestTimeoutMs,
      onGone: (record, done) => this.coordinator.settleLoss(record, done),
    });
  }

  #onHeartbeat(from: number, heartbeat: Heartbeat): void {
    const { settings, refuse } = this.#ports;
    const aheadMs = (time: number) => this.clock.aheadMs(time);
    const refusal = clockRefusal(heartbeat.time, { aheadMs, maxClockSkewMs: settings.maxClockSkewMs });
    if (refusal !== null) return refuse(from, refusal);
    this.clock.observe(heartbeat.time);
    this.#heartbeats.set(from, heartbeat);
    this.#views?.onInstalledElsewhere(heartbeat.installed);
  }

  #heartbeat(): Heartbeat {
    return {
      type: 'heartbeat',
      time: this.clock.reading(),
      installed: this.view?.ballot ?? NO_BALLOT,
      caughtUp: this.#caughtUp,
      known: this.#knownNow().times(),
    };
  }

  #applyRemote(effect: Parameters<ConvergentEngine['applyRemote']>[0]): void {
    if (this.#convergent !== null) return this.#convergent.applyRemote(effect);
    if (this.#ordered!.serving) return;
    this.clock.observe(effect.version.time);
    this.#replica.merge(effect);
  }

  #onSynced(peer: number): void {
    this.#syncedWith.add(peer);
    this.#convergent?.claimOwn();
    for (const other of this.#peers) this.#convergent?.claimRun(other);
    this.#updateCaughtUp();
    const transfer = this.#transfer;
    if (transfer?.from !== peer) return;
    this.#transfer = null;
    transfer.done();
  }

  /** Once true, it stays: what comes later comes through the engine. */
  #updateCaughtUp(): void {
    if (this.#caughtUp) return;
    const { bus, nowMs, settings, onChange } = this.#ports;
    const graceMs = GRACE_THRESHOLDS * settings.heartbeatMs * settings.threshold;
    const waited = nowMs() - this.#startedMs >= graceMs;
    this.#caughtUp = this.#peers.every(
      (peer) => this.#syncedWith.has(peer) || (waited && !bus.isUp(peer) && !this.detector.isUp(peer)),
    );
    if (this.#caughtUp) onChange();
  }

  #isReady(peer: number): boolean {
    const { bus } = this.#ports;
    return bus.isUp(peer) && this.detector.isUp(peer) && (this.#heartbeats.get(peer)?.caughtUp ?? false);
  }

  #knownNow(): VersionVector {
    if (this.#ordered !== null) this.#known.settleUpTo(this.#ordered.applied);
    return this.#known;
  }

  #knownBy(peer: number): VersionVector {
    return new VersionVector(this.#heartbeats.get(peer)?.known ?? []);
  }

  #updateMissing(): void {
    const silent = this.#peers.filter((peer) => !this.detector.isUp(peer));
    this.#missing = silent.map((peer) => `${this.#nameOf(peer)} (down)`).join(' and ');
  }

  #nameOf(peer: number): string {
    const { host, port } = this.#ports.settings.peers[peer]!;
    return `${host}:${port}`;
  }

  /** A flush that was announced is carried out as a write of its own, in its place in the order. */
  #proposeDueFlush(): void {
    const armed = this.#ports.journal.armedFlush;
    if (this.#ordered === null || armed === null || armed.atMs > this.#ports.wallMs()) return;
    if (armed.atMs === this.#flushDueMs || this.#ordered.gate('write').state !== 'open') return;
    this.#flushDueMs = armed.atMs;
    const draft = { ...NO_ENTRY, kind: 'flush-due', expiresAtMs: armed.atMs } as const;
    this.#ordered.write(draft, () => {});
  }

  /**
   * At an ordered level an expired entry may be the base of a condition, so its end is agreed as a write, by
   * its origin. At a convergent one every replica may forget it: it can't come back to life.
   */
  #onExpired(record: JournalRecord): void {
    if (this.#ordered === null) return this.#ports.journal.forget(record);
    if (record.version.node !== this.#ports.settings.self) return;
    if (this.#ordered.pending > SWEEP_PENDING_MAX || this.#ordered.gate('write').state !== 'open') return;
    const { key, version: base } = record;
    this.#ordered.write({ ...NO_ENTRY, kind: 'delete', key, base }, () => {});
  }
}

/** How often `onTick` is to be called, in milliseconds: how late a deadline may be noticed. */
export const TICK_MS = 20;

/** An exchange with a peer that makes no progress for this long is begun anew, in milliseconds. */
const SYNC_TIMEOUT_MS = 5_000;

/** How many times the suspicion time a controller waits for peers that are silent at its start. */
const GRACE_THRESHOLDS = 2;

/** Expired entries are left for later while so many requests are under way. */
const SWEEP_PENDING_MAX = 128;
