import type { Clock } from '../base/clock.ts';
import { Signal } from '../base/signal.ts';
import { PresenceProbe } from '../peer/presence-probe.ts';
import { createDriver } from '../store/create-driver.ts';
import type { KvDriver } from '../store/driver.ts';
import { ENVELOPE_BYTES_MAX } from '../store/envelope.ts';
import { KVController } from '../store/kv-controller.ts';
import { LARGE_VALUES_KEPT_BYTES, LargeValues } from '../store/large-values.ts';
import { NODE_TRANSPORT } from '../transport/node-transport.ts';
import { LocalReplies } from './admin/local-replies.ts';
import { ClientBudget } from './clients/client-budget.ts';
import { ClientTable } from './clients/client-table.ts';
import { FrontDoor } from './clients/front-door.ts';
import { UnidentifiedConnections } from './clients/unidentified-connections.ts';
import type { ControllerParts } from './controller-parts.ts';
import { Core, TICK_MS } from './core.ts';
import type { Logger } from './log/logger.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { Statistics } from './metrics/statistics.ts';
import { createMesh, meshEvents } from './peer-mesh.ts';
import { VERSION } from './product.ts';
import { nameOf, type Settings } from './settings.ts';
import { readTroubleOf, writeTroubleOf } from './status/service.ts';
import { SERVICE_LOOK_MS, ServiceWatch } from './status/service-watch.ts';
import type { Status } from './status/status.ts';
import { statusOf } from './status/status-report.ts';
import { openStorage, type Storage } from './storage.ts';
import { Turn } from './turn.ts';

/** Why a controller has to end although its owner has not asked for it. */
export type ControllerEnd =
  /** A client that may do so has asked for it. */
  | { readonly kind: 'shutdown'; readonly reason: string }
  /** No controller can continue from the state of this one: the next run has to start empty. */
  | { readonly kind: 'start-empty'; readonly reason: string }
  /** Another process runs under this controller's id. */
  | { readonly kind: 'id-taken'; readonly reason: string };

export interface Controller {
  /** Resolves when the controller has to end; the owner then has to close it. */
  readonly mustEnd: Promise<ControllerEnd>;

  /** What `show` reports. */
  status(): Status;

  /**
   * Answers the requests in progress, then closes everything. A controller that has to start empty answers
   * nothing.
   */
  close(): Promise<void>;
}

/**
 * Runs one controller in this process. Resolves once the controller listens; `show` tells whether the cluster
 * is ready.
 *
 * @param secret the cluster's; null when peers are accepted from loopback only
 * @param abandon why the data of an earlier run must not be used: they are set aside
 * @throws JournalError when the data directory cannot be used; the system's error when the address cannot be
 *   listened on
 */
export async function startController(
  settings: Settings,
  secret: Buffer | null,
  logger: Logger,
  abandon: string | null = null,
): Promise<Controller> {
  const largeValues = new LargeValues(LARGE_VALUES_KEPT_BYTES);
  const driver = await createDriver(settings, { transport: NODE_TRANSPORT, largeValues });
  const journalWritable = new Signal();
  const storage = await openStorage(settings, logger, journalWritable.raise, abandon);
  const running = new RunningController(settings, secret, logger, {
    storage,
    driver,
    largeValues,
    journalWritable,
  });
  try {
    await running.open();
  } catch (error) {
    await storage.close();
    throw error;
  }
  return running;
}

/** What a controller is made from and what takes time to open. */
interface Resources {
  readonly storage: Storage;
  readonly driver: KvDriver;
  readonly largeValues: LargeValues;
  /** The journal takes writes again. */
  readonly journalWritable: Signal;
}

/** The number that names a run is below this. It tells a restart from a reconnection; it is no secret. */
const INCARNATION_MAX = 2 ** 47;

/** How long an end waits for clients that do not take their last replies, in milliseconds. */
const ANSWERED_WITHIN_MS = 3_000;

/** How often the controller looks for idle clients, in milliseconds. */
const IDLE_CHECK_MS = 1_000;

/**
 * While memory for clients is short, a client that takes none of its replies for `STALLED_MS` is closed. The
 * controller looks for such clients every `STALL_CHECK_MS`.
 */
const STALLED_MS = 500;
const STALL_CHECK_MS = 250;

/**
 * A core with its sockets, store, timers and log. The constructor makes the parts, each after those that it
 * needs; `open` sets them to work.
 */
class RunningController implements Controller {
  readonly mustEnd: Promise<ControllerEnd>;
  readonly #parts: ControllerParts;
  readonly #logger: Logger;
  readonly #journalWritable: Signal;
  readonly #turn = new Turn();
  readonly #frontDoor: FrontDoor;
  readonly #probe: PresenceProbe;
  readonly #serviceWatch: ServiceWatch;
  #clientsFinishMs = ANSWERED_WITHIN_MS;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    settings: Settings,
    secret: Buffer | null,
    logger: Logger,
    { storage, driver, largeValues, journalWritable }: Resources,
  ) {
    this.#journalWritable = journalWritable;
    const clock: Clock = MACHINE_CLOCK;
    const { promise, resolve: end } = Promise.withResolvers<ControllerEnd>();
    this.mustEnd = promise;
    this.#logger = logger;
    const requestFlush = this.#turn.request;
    const statistics = new Statistics();
    const budget = new ClientBudget(settings.clientBytesMax);
    const store = new KVController(settings.storeType, driver, logger);
    const clients = new ClientTable({
      requestFlush,
      onYields: (connections) => statistics.add('conn_yields', connections),
    });
    const { connectionsMax } = settings;
    const unidentified = new UnidentifiedConnections({ clients, connectionsMax, clock });
    const incarnation = 1 + Math.floor(Math.random() * (INCARNATION_MAX - 1));
    const onIdTaken = (reason: string) => end({ kind: 'id-taken', reason });
    const mesh = createMesh({
      settings,
      secret,
      incarnation,
      clock,
      transport: NODE_TRANSPORT,
      logger,
      requestFlush,
      onIdTaken,
    });
    const core = new Core({
      settings,
      incarnation,
      bus: mesh,
      incarnationOf: (peer) => mesh.incarnationOf(peer),
      refuse: (peer, reason) => mesh.drop(peer, reason, true),
      breakLink: (peer, reason) => mesh.drop(peer, reason, false),
      journal: storage.journal,
      viewLog: storage.viewLog,
      recovered: storage.recovered,
      store,
      clock,
      random: Math.random,
      requestFlush,
      nextTurn: setImmediate,
      lend: (value) => largeValues.lend(value),
      onChange: () => clients.drain(),
      startAnew: (reason) => {
        this.#clientsFinishMs = 0;
        end({ kind: 'start-empty', reason });
      },
      log: logger,
      local: (request, answer) => replies.reply(request, answer),
    });
    const startedMs = clock.nowMs();
    this.#parts = {
      settings,
      clock,
      startedMs,
      core,
      mesh,
      store,
      storage,
      clients,
      unidentified,
      budget,
      statistics,
    };
    const replies = new LocalReplies(this.#parts, () => end({ kind: 'shutdown', reason: 'shutdown' }));
    this.#probe = new PresenceProbe({
      transport: NODE_TRANSPORT,
      addresses: settings.peers,
      isLinked: (peer) => mesh.isUp(peer),
      onGone: (peer) => core.onPeerGone(peer),
    });
    this.#frontDoor = createFrontDoor(this.#parts, largeValues);
    this.#serviceWatch = new ServiceWatch({
      readTrouble: () => readTroubleOf(core, settings),
      writeTrouble: () => writeTroubleOf(core),
      clock,
      log: logger,
    });
    this.#turn.start([() => core.flush(), () => mesh.flush(), () => clients.flush()]);
  }

  async open(): Promise<void> {
    const { settings, clients, core, mesh, store } = this.#parts;
    const { self, peers, level, heartbeatMs, syncIntervalMs, idleTimeoutMs } = settings;
    await this.#frontDoor.listen(peers[self]!);
    store.open((state) => {
      if (state.up && state.itemBytesMax !== null) this.#checkItemLimit(state.itemBytesMax);
      clients.drain();
    });
    this.#journalWritable.listen(() => core.onWritable());
    mesh.open(meshEvents(this.#parts, this.#logger, this.#probe));
    this.#timers = [
      setInterval(() => core.onTick(), TICK_MS),
      setInterval(() => core.onHeartbeatTick(), heartbeatMs),
      setInterval(() => core.onSyncTick(), syncIntervalMs),
      setInterval(() => this.#serviceWatch.onTick(), SERVICE_LOOK_MS),
      setInterval(() => this.#closeStalled(), STALL_CHECK_MS),
    ];
    if (idleTimeoutMs > 0)
      this.#timers.push(setInterval(() => this.#closeIdle(idleTimeoutMs), IDLE_CHECK_MS));
    this.#logger.info('listening', { address: nameOf(peers[self]!), level, version: VERSION });
  }

  async close(): Promise<void> {
    const { core, mesh, store, storage } = this.#parts;
    core.departure.becomeDraining();
    await this.#frontDoor.finish(this.#clientsFinishMs);
    await new Promise<void>((resolve) => core.departure.becomeDrained(resolve));
    await this.#frontDoor.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#probe.close();
    mesh.close();
    await new Promise<void>((resolve) => core.data.recovery.close(resolve));
    await store.close();
    await storage.close();
  }

  status(): Status {
    return statusOf(this.#parts);
  }

  #closeIdle(timeoutMs: number): void {
    const { clock, statistics } = this.#parts;
    statistics.add('idle_kicks', this.#frontDoor.closeIdle(clock.nowMs() - timeoutMs));
  }

  #closeStalled(): void {
    const { budget, clients, clock, statistics } = this.#parts;
    if (!budget.isCrowded) return;
    statistics.add('memchorus_clients_stalled', clients.closeStalled(clock.nowMs() - STALLED_MS));
  }

  /** The store must take the largest item of a client with the envelope in front of it. */
  #checkItemLimit(storeItemBytesMax: number): void {
    const { settings, store } = this.#parts;
    const needed = settings.itemBytesMax + ENVELOPE_BYTES_MAX;
    if (storeItemBytesMax >= needed) return;
    this.#logger.warn('the store takes smaller items than clients may send; start it with -I 2m', {
      store: store.description,
      storeItemBytesMax,
      needed,
    });
  }
}

function createFrontDoor(parts: ControllerParts, largeValues: LargeValues): FrontDoor {
  const { settings, clock, core, mesh, clients, unidentified, budget, statistics } = parts;
  const { itemBytesMax, pipelineMax, connectionsMax } = settings;
  return new FrontDoor({
    transport: NODE_TRANSPORT,
    coordinator: core.coordinator,
    clients,
    unidentified,
    itemBytesMax,
    pipelineMax,
    connectionsMax,
    budget,
    clock,
    events: {
      onConnection: (accepted) => statistics.add(accepted ? 'total_connections' : 'rejected_connections', 1),
      onReply: (request, reply) => statistics.count(request, reply),
      onPart: (hits) => statistics.countPart(hits),
      onBytes: (read, written) => {
        statistics.add('bytes_read', read);
        statistics.add('bytes_written', written);
      },
      onRefused: () => statistics.add('memchorus_clients_refused', 1),
    },
    onLargeSent: (part) => largeValues.onSent(part),
    onPeer: (connection, preface, early) => mesh.accept(connection, preface, early),
  });
}
