import type { ControllerId } from '../base/number-kinds.ts';
import type { Signal } from '../base/signal.ts';
import type { Transport } from '../base/transport.ts';
import type { Mesh } from '../peer/mesh.ts';
import type { Configuration } from '../placement/configuration.ts';
import { linkedIn } from '../placement/forced.ts';
import type { KvDriver } from '../store/driver.ts';
import { KVController } from '../store/kv-controller.ts';
import type { LargeValues } from '../store/large-values.ts';
import { LocalReplies } from './admin/local-replies.ts';
import { ClientBudget } from './clients/client-budget.ts';
import { ClientTable } from './clients/client-table.ts';
import { FrontDoor } from './clients/front-door.ts';
import { HttpDoor, type LoadHttp } from './clients/http-door.ts';
import { UnidentifiedConnections } from './clients/unidentified-connections.ts';
import type { ControllerParts } from './controller-parts.ts';
import { Core } from './core.ts';
import type { EndRequest } from './end-request.ts';
import { httpPortsOf } from './http-ports.ts';
import { HotKeys } from './keys/hot-keys.ts';
import { LargeKeys } from './keys/large-keys.ts';
import type { Logger } from './log/logger.ts';
import type { RecentEvents } from './log/recent-events.ts';
import { MACHINE_CLOCK } from './machine-clock.ts';
import { KeyspaceKeys } from './metrics/keyspace-keys.ts';
import { Statistics } from './metrics/statistics.ts';
import { createMesh } from './peer-mesh.ts';
import type { Series } from './series/series.ts';
import { configuredOf, type Settings } from './settings.ts';
import type { Storage } from './storage.ts';
import { Dumps } from './streams/dumps.ts';
import { Watchers } from './streams/watchers.ts';
import { tokenMacOf } from './token-mac.ts';

/** What a controller is made from and what takes time to open. */
export interface Resources {
  readonly settings: Settings;
  /** The cluster's; null when peers are accepted from loopback only. */
  readonly secret: Buffer | null;
  readonly logger: Logger;
  /** What the logger has written last. */
  readonly events: RecentEvents;
  readonly transport: Transport;
  readonly storage: Storage;
  readonly driver: KvDriver;
  readonly largeValues: LargeValues;
  /** The journal takes writes again. */
  readonly journalWritable: Signal;
  /** The interface over HTTP. */
  readonly loadHttp: LoadHttp;
}

/** The number that names a run is below this. It tells a restart from a reconnection; it is no secret. */
const INCARNATION_MAX = 2 ** 47;

/**
 * How long a link to a controller without a shard in common is kept after the last request for a shard that it has, in
 * milliseconds. Shorter: requests now and then wait for a link more often. Longer: more idle links.
 */
const LINK_IDLE_MS = 10_000;

/**
 * Makes the parts of a controller, each after those that it needs.
 *
 * @param requestFlush requests that the controller's steps run at the end of this event-loop turn
 */
export function createParts(
  resources: Resources,
  requestFlush: () => void,
  end: EndRequest,
): ControllerParts {
  const { settings, secret, logger, transport, storage, driver, largeValues } = resources;
  const { connectionsMax } = settings;
  const clock = MACHINE_CLOCK;
  const budget = new ClientBudget(settings.clientBytesMax);
  const store = new KVController(settings.storeType, driver, logger);
  const onYields = (connections: number): void => statistics.add('conn_yields', connections);
  const clients = new ClientTable({ requestFlush, onYields });
  const incarnation = 1 + Math.floor(Math.random() * (INCARNATION_MAX - 1));
  const mesh = createMesh({
    settings,
    secret,
    incarnation,
    clock,
    transport,
    logger,
    requestFlush,
    onIdTaken: (reason) => end.ask({ kind: 'id-taken', reason }),
    core: () => core,
  });
  const core = new Core({
    settings,
    configured: configuredOf(settings),
    tokenMac: tokenMacOf(secret, settings.cluster),
    incarnation,
    ...linkPorts(mesh),
    planned: storage.planned,
    storageOf: storage.storageOf,
    openGroup: storage.openGroup,
    closeGroup: storage.closeGroup,
    viewLog: storage.viewLog,
    store,
    clock,
    random: Math.random,
    requestFlush,
    nextTurn: setImmediate,
    lend: (value) => largeValues.lend(value),
    onConfiguration: (configuration) => linkTo(configuration, mesh),
    onChange: () => clients.drain(),
    startEmpty: (abandoned) => end.ask({ kind: 'start-empty', ...abandoned }),
    log: logger,
    local: (request, answer, operation) => replies.reply(request, answer, operation),
  });
  const statistics: Statistics = new Statistics(core.router, new HotKeys(clock, Math.random));
  const parts = {
    settings,
    clock,
    startedMs: clock.nowMs(),
    core,
    mesh,
    store,
    storage,
    clients,
    unidentified: new UnidentifiedConnections({ clients, connectionsMax, clock }),
    budget,
    statistics,
    ...keyParts(core, settings),
  };
  const replies = new LocalReplies(parts, () => end.ask({ kind: 'shutdown', reason: 'shutdown' }));
  return parts;
}

/** What a core asks of its links. */
function linkPorts(mesh: Mesh) {
  return {
    bus: mesh,
    incarnationOf: (peer: ControllerId) => mesh.incarnationOf(peer),
    knowsPlacements: (peer: ControllerId) => mesh.knowsPlacements(peer),
    waitingBytes: (peer: ControllerId) => mesh.waitingBytes(peer),
    refuse: (peer: ControllerId, reason: string) => mesh.drop(peer, reason, true),
    breakLink: (peer: ControllerId, reason: string) => mesh.drop(peer, reason, false),
    call: (peer: ControllerId) => mesh.call(peer),
    hangUp: (peer: ControllerId) => mesh.hangUp(peer),
    relink: (peer: ControllerId) => mesh.relink(peer),
    linkIdleMs: LINK_IDLE_MS,
  };
}

function linkTo(configuration: Configuration, mesh: Mesh): void {
  // Links to controllers that were removed by force end, and are made again to tell them so.
  mesh.setControllers(configuration.controllers);
  mesh.setControllers(linkedIn(configuration));
}

/** The parts that look at keys. */
function keyParts({ router, time, mover }: Core, { requestTimeoutMs }: Settings) {
  const clock = MACHINE_CLOCK;
  const timeMs = () => time.cluster.nowMs();
  return {
    keyspaceKeys: new KeyspaceKeys(router, (group) => mover.surplusIn(group)),
    largeKeys: new LargeKeys(router, clock, timeMs, requestTimeoutMs),
    dumps: new Dumps({ router, timeMs, nextTurn: setImmediate }),
    watchers: new Watchers(clock),
  };
}

/** Makes the front door of a controller with these parts. */
export function createFrontDoor(parts: ControllerParts, resources: Resources, series: Series): FrontDoor {
  const { settings, clock, core, mesh, clients, unidentified, budget, statistics, watchers } = parts;
  const { itemBytesMax, pipelineMax, connectionsMax } = settings;
  const { transport, largeValues, logger, events, loadHttp } = resources;
  return new FrontDoor({
    transport,
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
      onReply: (request, reply, client) => {
        statistics.count(request, reply);
        if (watchers.isWatched) watchers.onReply(request, reply, client);
      },
      onPart: (request, hits, client) => {
        statistics.countPart(hits);
        if (watchers.isWatched) watchers.onPart(request, hits, client);
      },
      onBytes: (read, written) => {
        statistics.add('bytes_read', read);
        statistics.add('bytes_written', written);
      },
      onRefused: () => statistics.add('memchorus_clients_refused', 1),
    },
    onLargeSent: (part) => largeValues.onSent(part),
    onPeer: (connection, preface, early) => mesh.accept(connection, preface, early),
    http: new HttpDoor({
      http: httpPortsOf(parts, { series, events, transport, log: logger }),
      load: loadHttp,
      onFailure: (error) => logger.error('the HTTP side could not be loaded', { error }),
    }),
  });
}
