import type { Mesh } from '../peer/mesh.ts';
import { PresenceProbe } from '../peer/presence-probe.ts';
import { createDriver } from '../store/create-driver.ts';
import type { KvDriver } from '../store/driver.ts';
import { ENVELOPE_BYTES_MAX } from '../store/envelope.ts';
import { KVController } from '../store/kv-controller.ts';
import { LocalReplies } from './admin/local-replies.ts';
import { ClientBudget } from './clients/client-budget.ts';
import { FrontDoor } from './clients/front-door.ts';
import { Core, TICK_MS } from './core.ts';
import type { Logger } from './log/logger.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { Statistics } from './metrics/statistics.ts';
import { createMesh } from './peer-mesh.ts';
import { VERSION } from './product.ts';
import { nameOf, type Settings } from './settings.ts';
import { requestsOf } from './status/requests-report.ts';
import { readTroubleOf, writeTroubleOf } from './status/service.ts';
import { SERVICE_LOOK_MS, ServiceWatch } from './status/service-watch.ts';
import type { Status } from './status/status.ts';
import { statusOf } from './status/status-report.ts';
import { openStorage, type Storage } from './storage.ts';
import { Turn } from './turn.ts';

export interface Controller {
  /** Resolves when a client has asked for the end of this controller, and may do so. */
  readonly shutdownAsked: Promise<void>;

  /** Resolves with the reason when nobody can go on from what this controller knows: it has to be started anew, empty. */
  readonly isVoid: Promise<string>;

  /** Resolves with the reason when another process runs under this controller's number: this one has to end. */
  readonly isTaken: Promise<string>;

  /** What `show` tells. */
  status(): Status;

  /** Answers what is in progress, then closes everything. One that is void answers nothing any more. */
  close(): Promise<void>;
}

/**
 * Runs one controller in this process. Resolves once it listens; whether the cluster is ready, `show` tells.
 *
 * @param secret the cluster's; null: peers are taken from loopback only
 * @param abandon why what a former life has left is not to be used: it is set aside
 * @throws JournalError when its data directory can't be used; the system's error when its address can't be listened on
 */
export async function startController(
  settings: Settings,
  secret: Buffer | null,
  logger: Logger,
  abandon: string | null = null,
): Promise<Controller> {
  let running: RunningController | null = null;
  const driver = await createDriver(settings);
  const storage = await openStorage(settings, logger, () => running?.onWritable(), abandon);
  running = new RunningController(settings, secret, logger, storage, driver);
  try {
    await running.open();
  } catch (error) {
    await storage.close();
    throw error;
  }
  return running;
}

/** The number for the run of a controller is below this: it tells a restart from a reconnection, and is no secret. */
const INCARNATION_MAX = 2 ** 47;

/** A peer that was silent for this many suspicion times has its connection broken, and is called anew. */
const BREAK_AFTER_THRESHOLDS = 10;

/** How long an end waits for clients that do not take their last answers, in milliseconds. */
const ANSWERED_WITHIN_MS = 3_000;

/** How often idle clients are looked for, in milliseconds. */
const IDLE_CHECK_MS = 1_000;

/**
 * While memory for clients is short, one that takes nothing of its replies for so long is closed, in milliseconds; and
 * how often that is looked at.
 */
const STALLED_MS = 500;
const STALL_CHECK_MS = 250;

/** A core with its sockets, store, timers and log. */
class RunningController implements Controller {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #storage: Storage;
  readonly #store: KVController;
  readonly #mesh: Mesh;
  readonly #probe: PresenceProbe;
  readonly #core: Core;
  readonly #frontDoor: FrontDoor;
  readonly #statistics = new Statistics();
  readonly #budget: ClientBudget;
  readonly #serviceWatch: ServiceWatch;
  readonly shutdownAsked: Promise<void>;
  readonly #askShutdown: () => void;
  readonly isVoid: Promise<string>;
  readonly #becomeVoid: (reason: string) => void;
  readonly isTaken: Promise<string>;
  readonly #becomeTaken: (reason: string) => void;
  #clientsGetMs = ANSWERED_WITHIN_MS;
  readonly #startedMs = MACHINE_CLOCK.nowMs();
  #timers: NodeJS.Timeout[] = [];

  constructor(settings: Settings, secret: Buffer | null, logger: Logger, storage: Storage, driver: KvDriver) {
    this.#settings = settings;
    this.#logger = logger;
    this.#storage = storage;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.shutdownAsked = promise;
    this.#askShutdown = resolve;
    const ending = Promise.withResolvers<string>();
    this.isVoid = ending.promise;
    this.#becomeVoid = ending.resolve;
    const taking = Promise.withResolvers<string>();
    this.isTaken = taking.promise;
    this.#becomeTaken = taking.resolve;
    this.#budget = new ClientBudget(settings.clientBytesMax);
    this.#store = new KVController(settings.storeType, driver, logger);
    const turn = new Turn([
      () => this.#core.flush(),
      () => this.#mesh.flush(),
      () => this.#frontDoor.flush(),
    ]);
    const incarnation = 1 + Math.floor(Math.random() * (INCARNATION_MAX - 1));
    this.#mesh = createMesh({
      settings,
      secret,
      incarnation,
      logger,
      core: () => this.#core,
      requestFlush: turn.request,
      onTaken: this.#becomeTaken,
      onEnded: (peer) => this.#probe.look(peer),
    });
    this.#probe = new PresenceProbe({
      addresses: settings.peers,
      isLinked: (peer) => this.#mesh.isUp(peer),
      onGone: (peer) => this.#core.onPeerGone(peer),
    });
    this.#core = this.#createCore(incarnation, turn);
    this.#frontDoor = this.#createFrontDoor(turn);
    this.#serviceWatch = new ServiceWatch({
      readTrouble: () => readTroubleOf(this.#core, settings),
      writeTrouble: () => writeTroubleOf(this.#core),
      clock: MACHINE_CLOCK,
      log: logger,
    });
  }

  async open(): Promise<void> {
    const { self, peers, level, heartbeatMs, syncIntervalMs, idleTimeoutMs } = this.#settings;
    await this.#frontDoor.listen(peers[self]!);
    this.#store.open((state) => {
      if (state.up && state.itemBytesMax !== null) this.#checkItemLimit(state.itemBytesMax);
      this.#frontDoor.drain();
    });
    this.#mesh.open();
    this.#timers = [
      setInterval(() => this.#core.onTick(), TICK_MS),
      setInterval(() => this.#onHeartbeat(), heartbeatMs),
      setInterval(() => this.#core.onSyncTick(), syncIntervalMs),
      setInterval(() => this.#serviceWatch.onTick(), SERVICE_LOOK_MS),
      setInterval(() => this.#closeStalled(), STALL_CHECK_MS),
    ];
    if (idleTimeoutMs > 0)
      this.#timers.push(setInterval(() => this.#closeIdle(idleTimeoutMs), IDLE_CHECK_MS));
    this.#logger.info('listening', { address: nameOf(peers[self]!), level, version: VERSION });
  }

  async close(): Promise<void> {
    this.#core.departure.becomeDraining();
    await this.#frontDoor.finish(this.#clientsGetMs);
    await new Promise<void>((resolve) => this.#core.departure.becomeDrained(resolve));
    await this.#frontDoor.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#probe.close();
    this.#mesh.close();
    await new Promise<void>((resolve) => this.#core.recovery.close(resolve));
    await this.#store.close();
    await this.#storage.close();
  }

  onWritable(): void {
    this.#core.onWritable();
  }

  #createCore(incarnation: number, turn: Turn): Core {
    const replies = new LocalReplies({
      settings: this.#settings,
      statistics: this.#statistics,
      status: () => this.status(),
      requests: () => requestsOf(this.#core, this.#settings, MACHINE_CLOCK.wallMs()),
      store: this.#store,
      clients: () => this.#frontDoor.clients,
      silent: () => this.#frontDoor.silent,
      connections: () => this.#frontDoor.connections,
      figures: () => this.#figures(),
      shutdown: this.#askShutdown,
    });
    return new Core({
      settings: this.#settings,
      incarnation,
      bus: this.#mesh,
      incarnationOf: (peer) => this.#mesh.incarnationOf(peer),
      refuse: (peer, reason) => this.#mesh.drop(peer, reason, true),
      journal: this.#storage.journal,
      viewLog: this.#storage.viewLog,
      recovered: this.#storage.recovered,
      store: this.#store,
      clock: MACHINE_CLOCK,
      random: Math.random,
      requestFlush: turn.request,
      nextTurn: setImmediate,
      onChange: () => this.#frontDoor.drain(),
      startAnew: (reason) => {
        this.#clientsGetMs = 0;
        this.#becomeVoid(reason);
      },
      log: this.#logger,
      local: (request, answer) => replies.reply(request, answer),
    });
  }

  #createFrontDoor(turn: Turn): FrontDoor {
    const statistics = this.#statistics;
    return new FrontDoor({
      coordinator: this.#core.coordinator,
      itemBytesMax: this.#settings.itemBytesMax,
      pipelineMax: this.#settings.pipelineMax,
      connectionsMax: this.#settings.connectionsMax,
      budget: this.#budget,
      clock: MACHINE_CLOCK,
      requestFlush: turn.request,
      onPeer: (socket, version, early) => this.#mesh.accept(socket, version, early),
      onConnection: (accepted) => statistics.add(accepted ? 'total_connections' : 'rejected_connections', 1),
      onReply: (request, reply) => statistics.count(request, reply),
      onPart: (hits) => statistics.countPart(hits),
      onBytes: (read, written) => {
        statistics.add('bytes_read', read);
        statistics.add('bytes_written', written);
      },
      onYields: (connections) => statistics.add('conn_yields', connections),
      onRefused: () => statistics.add('memchorus_clients_refused', 1),
    });
  }

  #closeIdle(timeoutMs: number): void {
    this.#statistics.add('idle_kicks', this.#frontDoor.closeIdle(MACHINE_CLOCK.nowMs() - timeoutMs));
  }

  #closeStalled(): void {
    if (!this.#budget.isCrowded) return;
    const closed = this.#frontDoor.closeStalled(MACHINE_CLOCK.nowMs() - STALLED_MS);
    this.#statistics.add('memchorus_clients_stalled', closed);
  }

  /** For `stats`, beside what `status` says. */
  #figures(): Readonly<Record<string, number>> {
    const { read, written, linksMade } = this.#mesh.traffic;
    const { repairs, refill, watch } = this.#core.recovery;
    const { missing, fromJournal } = this.#core.replica.counters;
    const hot = this.#core.replica.hot.counters;
    const { backlogBytes, diskBytes } = this.#storage.status();
    return {
      memchorus_client_bytes: this.#budget.bytes,
      memchorus_hot_hits: hot.hits,
      memchorus_hot_misses: hot.misses,
      memchorus_hot_entries: hot.entries,
      memchorus_hot_bytes: hot.bytes,
      memchorus_store_instances: watch.instances,
      memchorus_store_emptied: watch.emptied,
      memchorus_values_missing: missing,
      memchorus_values_recovered: fromJournal,
      memchorus_values_fetched: repairs.fetched,
      memchorus_values_lost: repairs.gone,
      memchorus_refill_running: refill.isRunning ? 1 : 0,
      memchorus_refill_keys_done: refill.done,
      memchorus_refill_keys_total: refill.total,
      memchorus_refill_from_journal: refill.fromJournal,
      memchorus_refill_from_peers: refill.fromPeers,
      memchorus_journal_entries: this.#storage.journal.records,
      memchorus_journal_backlog_bytes: backlogBytes,
      memchorus_journal_disk_bytes: diskBytes,
      memchorus_peer_links_made: linksMade,
      memchorus_peer_bytes_read: read,
      memchorus_peer_bytes_written: written,
    };
  }

  #onHeartbeat(): void {
    this.#core.onHeartbeatTick();
    const { heartbeatMs, threshold } = this.#settings;
    const breakAfterMs = heartbeatMs * threshold * BREAK_AFTER_THRESHOLDS;
    this.#settings.peers.forEach((_, peer) => {
      const silentMs = this.#core.peers.silentMs(peer);
      if (silentMs !== null && silentMs > breakAfterMs && this.#mesh.isUp(peer)) {
        this.#mesh.drop(peer, 'silent for too long', false);
      }
    });
  }

  /** A client's largest item must still fit when the envelope is put in front of it. */
  #checkItemLimit(storeItemBytesMax: number): void {
    const needed = this.#settings.itemBytesMax + ENVELOPE_BYTES_MAX;
    if (storeItemBytesMax >= needed) return;
    this.#logger.warn('the store takes smaller items than clients may send; start it with -I 2m', {
      store: this.#store.description,
      storeItemBytesMax,
      needed,
    });
  }

  status(): Status {
    return statusOf({
      settings: this.#settings,
      core: this.#core,
      mesh: this.#mesh,
      store: this.#store,
      storage: this.#storage,
      startedMs: this.#startedMs,
    });
  }
}
