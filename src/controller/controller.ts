import { Signal } from '../base/signal.ts';
import type { Transport } from '../base/transport.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { HttpServer } from '../http/routed-server.ts';
import { PresenceProbe } from '../peer/presence-probe.ts';
import { createDriver } from '../store/create-driver.ts';
import { ENVELOPE_BYTES_MAX } from '../store/envelope.ts';
import { LARGE_VALUES_KEPT_BYTES, LargeValues } from '../store/large-values.ts';
import { NODE_TRANSPORT } from '../transport/node-transport.ts';
import type { FrontDoor } from './clients/front-door.ts';
import { type LoadHttp, OWN_HTTP } from './clients/http-door.ts';
import type { ControllerParts } from './controller-parts.ts';
import { TICK_MS } from './core.ts';
import type { AbandonedGroup } from './core-ports.ts';
import { createFrontDoor, createParts, type Resources } from './create-parts.ts';
import { type ControllerEnd, EndRequest } from './end-request.ts';
import type { Logger } from './log/logger.ts';
import { RecentEvents } from './log/recent-events.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { meshEvents } from './peer-mesh.ts';
import { VERSION } from './product.ts';
import { SAMPLE_MS, type Series } from './series/series.ts';
import { seriesOf } from './series/series-of.ts';
import { nameOf, ownAddress, ownHttpAddress, type Settings } from './settings.ts';
import { levelsOf, overriddenLevels } from './status/levels-report.ts';
import { readTroubleOf, writeTroubleOf } from './status/service.ts';
import { SERVICE_LOOK_MS, ServiceWatch } from './status/service-watch.ts';
import type { Status } from './status/status.ts';
import { statusOf } from './status/status-report.ts';
import { openStorage } from './storage.ts';
import { Turn } from './turn.ts';

/** A client in the process of a controller. */
export interface InnerClient extends HttpClient {
  /** The client leaves. */
  destroy(): void;
}

export interface Controller {
  /** Resolves when the controller has to end; the owner then has to close it. */
  readonly mustEnd: Promise<ControllerEnd>;

  /** What `show` reports. */
  status(): Status;

  /** The interface over HTTP, for a process that has a server of its own in front of it. */
  http(): Promise<HttpServer>;

  /** A client in this process, see `FrontDoor`. */
  innerClient(): InnerClient;

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
 * @param abandoned the group whose data of an earlier run must not be used: they are set aside
 * @param transport for all its connections: those of clients, of peers and to the store
 * @param loadHttp the interface that it has over HTTP
 * @throws JournalError when the data directory cannot be used; the system's error when the address cannot be
 *   listened on
 */
export async function startController(
  settings: Settings,
  secret: Buffer | null,
  logger: Logger,
  abandoned: AbandonedGroup | null = null,
  transport: Transport = NODE_TRANSPORT,
  loadHttp: LoadHttp = OWN_HTTP,
): Promise<Controller> {
  const largeValues = new LargeValues(LARGE_VALUES_KEPT_BYTES);
  const driver = await createDriver(settings, { transport, largeValues });
  const journalWritable = new Signal();
  const events = new RecentEvents(MACHINE_CLOCK);
  const noted = events.noting(logger);
  const storage = await openStorage(settings, noted, journalWritable.raise, abandoned);
  const running = new RunningController({
    settings,
    secret,
    logger: noted,
    events,
    transport,
    storage,
    driver,
    largeValues,
    journalWritable,
    loadHttp,
  });
  try {
    await running.open();
  } catch (error) {
    await storage.close();
    throw error;
  }
  return running;
}

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
 * A core with its sockets, store, timers and log: the parts that `createParts` makes, which `open` sets to work.
 */
class RunningController implements Controller {
  readonly #end = new EndRequest();
  readonly #parts: ControllerParts;
  readonly #logger: Logger;
  readonly #frontDoor: FrontDoor;
  readonly #probe: PresenceProbe;
  readonly #serviceWatch: ServiceWatch;
  readonly #series: Series;
  #timers: NodeJS.Timeout[] = [];

  constructor(resources: Resources) {
    const { settings, logger, transport, journalWritable } = resources;
    const turn = new Turn();
    this.#parts = createParts(resources, turn.request, this.#end);
    this.#logger = logger;
    const { core, mesh, clients, clock } = this.#parts;
    this.#probe = new PresenceProbe({
      transport,
      addressOf: (peer) => core.configuration.controllers.find(({ id }) => id === peer) ?? null,
      isLinked: (peer) => mesh.isUp(peer),
      onGone: (peer) => core.onPeerGone(peer),
    });
    this.#series = seriesOf(this.#parts);
    this.#frontDoor = createFrontDoor(this.#parts, resources, this.#series);
    this.#serviceWatch = new ServiceWatch({
      readTrouble: () => readTroubleOf(core, settings),
      writeTrouble: () => writeTroubleOf(core),
      clock,
      log: logger,
    });
    journalWritable.listen(() => core.onWritable());
    turn.start([() => core.flush(), () => mesh.flush(), () => clients.flush(), () => core.onTurnEnd()]);
  }

  get mustEnd(): Promise<ControllerEnd> {
    return this.#end.asked;
  }

  async open(): Promise<void> {
    const { settings, clients, core, mesh, store } = this.#parts;
    const { heartbeatMs, syncIntervalMs, idleTimeoutMs } = settings;
    const address = ownAddress(settings);
    await this.#frontDoor.listen(address);
    const httpAddress = ownHttpAddress(settings);
    if (httpAddress !== null) await this.#frontDoor.listenForHttp(httpAddress);
    store.open((state) => {
      if (state.up && state.itemBytesMax !== null) this.#checkItemLimit(state.itemBytesMax);
      clients.drain();
    });
    mesh.open(meshEvents(this.#parts, this.#logger, this.#probe));
    this.#timers = [
      setInterval(() => this.#onTick(), TICK_MS),
      setInterval(() => core.onHeartbeatTick(), heartbeatMs),
      setInterval(() => core.onSyncTick(), syncIntervalMs),
      setInterval(() => this.#serviceWatch.onTick(), SERVICE_LOOK_MS),
      setInterval(() => this.#series.onTick(), SAMPLE_MS),
      setInterval(() => this.#closeStalled(), STALL_CHECK_MS),
    ];
    if (idleTimeoutMs > 0)
      this.#timers.push(setInterval(() => this.#closeIdle(idleTimeoutMs), IDLE_CHECK_MS));
    const level = core.levels.inWords;
    const http = httpAddress === null ? {} : { http: nameOf(httpAddress) };
    this.#logger.info('listening', { address: nameOf(address), ...http, level, version: VERSION });
    for (const line of overriddenLevels(levelsOf(this.#parts))) this.#logger.warn(line);
  }

  async close(): Promise<void> {
    const { core, mesh, store, storage } = this.#parts;
    core.departure.becomeDraining();
    await this.#frontDoor.finish(this.#end.mustStartEmpty ? 0 : ANSWERED_WITHIN_MS);
    await new Promise<void>((resolve) => core.departure.becomeDrained(resolve));
    await this.#frontDoor.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#probe.close();
    mesh.close();
    for (const { recovery } of core.groups.all) await new Promise<void>((resolve) => recovery.close(resolve));
    await store.close();
    await storage.close();
  }

  #onTick(): void {
    const { core, keyspaceKeys, largeKeys, statistics, dumps, watchers } = this.#parts;
    core.onTick();
    keyspaceKeys.onTick();
    statistics.keyspaces.onTick();
    largeKeys.onTick();
    dumps.onTick();
    watchers.onTick();
    statistics.hotKeys.onTick();
  }

  status(): Status {
    return statusOf(this.#parts);
  }

  http(): Promise<HttpServer> {
    return this.#frontDoor.http();
  }

  innerClient(): InnerClient {
    return this.#frontDoor.innerClient();
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
