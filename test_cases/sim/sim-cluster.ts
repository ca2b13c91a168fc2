import type { Level } from '../../src/consistency/level.ts';
import { ClientSession } from '../../src/consistency/session.ts';
import { Core, TICK_MS } from '../../src/controller/core.ts';
import type { Settings } from '../../src/controller/settings.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import type { ViewLog, ViewRecord } from '../../src/journal/view-record.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { REPLIES, type Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { type NetworkNode, SimNetwork } from './sim-network.ts';
import { SimStore } from './sim-store.ts';

/** Wall time at the start of every simulation, milliseconds since 1970. */
const STARTED_AT_MS = Date.UTC(2026, 0, 1);

export interface SimOptions {
  readonly seed: number;
  readonly level: Level;
  readonly nodes?: number;
  readonly settings?: Partial<Settings>;
}

/**
 * A whole cluster in one process, on virtual time: the real cores, journals and sessions on simulated links,
 * clocks and stores. The same seed gives the same run.
 */
export class SimCluster {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly nodes: SimNode[];

  constructor(options: SimOptions) {
    this.random = new Random(options.seed);
    const count = options.nodes ?? 3;
    this.network = new SimNetwork(this.scheduler, this.random, count);
    this.nodes = Array.from(
      { length: count },
      (_, id) => new SimNode(this, id, settingsFor(id, count, options)),
    );
  }

  /** Starts all, and runs until all are ready. */
  start(): void {
    for (const node of this.nodes) node.start();
    this.runUntilReady();
  }

  run(forMs: number): void {
    this.scheduler.runUntil(this.scheduler.nowMs + forMs);
  }

  /** @throws when the cluster is not ready within the bound, in virtual milliseconds */
  runUntilReady(withinMs = 20_000): void {
    const until = this.scheduler.nowMs + withinMs;
    while (this.nodes.some((node) => !node.ready)) {
      if (this.scheduler.nowMs >= until) {
        const reasons = this.nodes.map(
          (node) => `${node.id}: ${node.core?.notReadyBecause ?? 'not running'}`,
        );
        throw new Error(`not ready after ${withinMs} ms: ${reasons.join('; ')}`);
      }
      this.run(10);
    }
  }
}

/** One controller's place: it may run, be dead, or stand still. Its store outlives it. */
export class SimNode implements NetworkNode {
  readonly id: number;
  readonly store: SimStore;
  readonly #cluster: SimCluster;
  readonly #settings: Settings;
  readonly #sessions = new Set<ClientSession>();
  #core: Core | null = null;
  #life = 0;
  #flushAsked = false;
  #paused = false;
  #held: (() => void)[] = [];
  journal: MemoryJournal;
  /** Added to the wall clock, in milliseconds. */
  skewMs = 0;

  constructor(cluster: SimCluster, id: number, settings: Settings) {
    this.id = id;
    this.#cluster = cluster;
    this.#settings = settings;
    this.store = new SimStore(cluster.scheduler, cluster.random);
    this.journal = new MemoryJournal(settings.peers.length);
  }

  get core(): Core | null {
    return this.#core;
  }

  get incarnation(): number {
    return this.#life;
  }

  get ready(): boolean {
    if (this.#core === null || this.#paused || this.#core.notReadyBecause !== '') return false;
    if (this.#core.peers.missing !== '') return false;
    return this.#core.view === null || this.#core.view.members.length === this.#settings.peers.length;
  }

  /** Starts a new run, with nothing remembered but what the store holds. */
  start(): void {
    const { scheduler, network, random } = this.#cluster;
    this.#life++;
    this.journal = new MemoryJournal(this.#settings.peers.length);
    const { id } = this;
    this.#core = new Core({
      settings: this.#settings,
      incarnation: this.#life,
      bus: {
        send: (to, message) => network.send(id, to, message),
        broadcast: (message) => {
          this.#settings.peers.forEach((_, to) => {
            if (to !== id) network.send(id, to, message);
          });
        },
        multicast: (nodes, message) => {
          for (const to of nodes) network.send(id, to, message);
        },
        isUp: (peer) => network.isUp(id, peer),
      },
      incarnationOf: (peer) => network.incarnationOf(id, peer),
      refuse: (peer) => network.break(id, peer),
      journal: this.journal,
      viewLog: this.#viewLog(),
      store: this.store,
      wallMs: () => STARTED_AT_MS + scheduler.nowMs + this.skewMs,
      nowMs: () => scheduler.nowMs,
      random: () => random.next(),
      requestFlush: () => this.#requestFlush(),
      nextTurn: (callback) => scheduler.after(0.02, () => this.#whenAwake(callback)),
      onChange: () => {
        for (const session of this.#sessions) session.drain();
      },
      log: () => {},
      local: (_, answer) => answer(REPLIES.ok),
    });
    network.join(id, this);
    this.#every(TICK_MS, (core) => core.onTick());
    this.#every(this.#settings.heartbeatMs, (core) => core.onHeartbeatTick());
    this.#every(this.#settings.syncIntervalMs, (core) => core.onSyncTick());
  }

  /** As SIGKILL: its clients get no more answers, its memory is lost. */
  kill(): void {
    this.#core = null;
    this.#life++;
    this.#flushAsked = false;
    this.#sessions.clear();
    this.#paused = false;
    this.#held = [];
    this.#cluster.network.leave(this.id);
  }

  /** As SIGSTOP. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const run of held) this.#whenAwake(run);
  }

  /** A client's connection. `null` as the reply: the connection broke before it was answered. */
  connect(): { submit(request: Request, onReply: (reply: Reply) => void): void } {
    const waiting: ((reply: Reply) => void)[] = [];
    const session = new ClientSession(this.#core!.coordinator, (_, reply) => waiting.shift()!(reply));
    this.#sessions.add(session);
    const life = this.#life;
    return {
      submit: (request, onReply) => {
        if (life !== this.#life) return;
        this.#whenAwake(() => {
          waiting.push(onReply);
          session.submit(request);
        });
      },
    };
  }

  onPeerUp(peer: number): void {
    this.#whenAwake(() => this.#core?.onPeerUp(peer));
  }

  onPeerDown(peer: number): void {
    this.#whenAwake(() => this.#core?.onPeerDown(peer));
  }

  onMessage(from: number, message: PeerMessage): void {
    this.#whenAwake(() => {
      this.#core?.onHeard(from);
      this.#core?.onMessage(from, message);
    });
  }

  #record: ViewRecord | null = null;

  #viewLog(): ViewLog {
    const life = this.#life;
    return {
      load: () => this.#record,
      save: (record, done) =>
        this.#cluster.scheduler.after(this.#cluster.random.between(0, 8), () => {
          if (life !== this.#life) return;
          this.#record = record;
          this.#whenAwake(done);
        }),
    };
  }

  #every(intervalMs: number, run: (core: Core) => void): void {
    const life = this.#life;
    const tick = (): void => {
      if (life !== this.#life) return;
      if (!this.#paused && this.#core !== null) run(this.#core);
      this.#cluster.scheduler.after(intervalMs, tick);
    };
    this.#cluster.scheduler.after(intervalMs * this.#cluster.random.next(), tick);
  }

  #requestFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    const life = this.#life;
    this.#cluster.scheduler.after(0.02, () =>
      this.#whenAwake(() => {
        if (life !== this.#life) return;
        this.#flushAsked = false;
        this.#core?.flush();
      }),
    );
  }

  #whenAwake(run: () => void): void {
    if (this.#paused) this.#held.push(run);
    else run();
  }
}

function settingsFor(self: number, nodes: number, { level, settings }: SimOptions): Settings {
  return {
    cluster: 'sim',
    self,
    peers: Array.from({ length: nodes }, (_, id) => ({ host: 'sim', port: id })),
    level,
    heartbeatMs: 100,
    threshold: 3,
    leaseMs: 300,
    dataDir: '',
    requestTimeoutMs: 1_000,
    syncIntervalMs: 1_000,
    maxClockSkewMs: 10_000,
    storeType: 'custom',
    storeAddress: { host: '', port: 0 },
    storeTimeoutMs: 500,
    storeBytesMax: 1_000_000,
    itemBytesMax: 1_048_576,
    connectionsMax: 100,
    pipelineMax: 100,
    queueBytesMax: 10_000_000,
    clientBytesMax: 100_000_000,
    idleTimeoutMs: 0,
    shutdownCommand: false,
    logFile: '-',
    logLevel: 'error',
    ...settings,
  };
}
