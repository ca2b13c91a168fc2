import { epochOf, nameOfChange } from '../../placement/agreed-placement.ts';
import { idsOf } from '../../placement/configuration.ts';
import type { Level } from '../../placement/level.ts';
import { levelOf } from '../../placement/placed-level.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { MEMCACHED_VERSION, VERSION } from '../product.ts';
import { readTroubleOf, writeTroubleOf } from '../status/service.ts';
import { firstOf, largestLag, refillFiguresOf, sumOf } from './group-figures.ts';
import { HOP_METRICS } from './hop-metrics.ts';
import type { Counter } from './statistics.ts';

/**
 * `counter`: only grows during a run, apart from `stats reset`. `gauge`: goes up and down. `label`: a text.
 */
export type MetricKind = 'counter' | 'gauge' | 'label';

/** What the number counts. `flag`: 1 for true, 0 for false. `none`: the metric is a text. */
export type MetricUnit =
  | 'bits'
  | 'bytes'
  | 'connections'
  | 'controllers'
  | 'flag'
  | 'links'
  | 'microseconds'
  | 'milliseconds'
  | 'none'
  | 'operations'
  | 'processes'
  | 'records'
  | 'seconds'
  | 'threads'
  | 'times'
  | 'values';

export interface Metric {
  readonly kind: MetricKind;
  readonly unit: MetricUnit;
  /** One sentence for operators. */
  readonly help: string;
  readonly read: (parts: ControllerParts) => number | string;
  /** Digits after the decimal point in text; if absent, the number is shown as it is. */
  readonly decimals?: number;
  /** How Prometheus sees the metric, where that does not follow from its name, kind and unit. */
  readonly exposed?: ExposedAs;
}

/** Metrics of one name become one metric of Prometheus, and differ in their labels. */
export interface ExposedAs {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly help?: string;
}

/**
 * Every metric of a controller, under the name that `stats` shows. A metric that memcached has too keeps
 * memcached's name and meaning; the names of the others begin with `memchorus_`, and `stats` lists them in
 * the order of this table.
 */
export const METRICS = {
  pid: gauge('processes', 'Process id of this controller.', () => process.pid),
  uptime: gauge('seconds', 'Time since this run began.', (parts) => Math.floor(uptimeSecondsOf(parts))),
  time: gauge('seconds', 'Wall clock of this machine, since 1970.', ({ clock }) =>
    Math.floor(clock.wallMs() / 1000),
  ),
  version: label('The memcached version whose protocol is spoken.', () => MEMCACHED_VERSION),
  pointer_size: gauge('bits', 'Size of a pointer.', () => 64),
  rusage_user: {
    ...counter('seconds', 'CPU time spent in user mode.', () => process.resourceUsage().userCPUTime / 1e6),
    decimals: 6,
  },
  rusage_system: {
    ...counter('seconds', 'CPU time spent in the kernel.', () => process.resourceUsage().systemCPUTime / 1e6),
    decimals: 6,
  },

  max_connections: gauge(
    'connections',
    'Most client connections at once.',
    (parts) => parts.settings.connectionsMax,
  ),
  curr_connections: gauge('connections', 'Client connections now.', ({ clients }) => clients.count),
  total_connections: counted('connections', 'Client connections accepted.', 'total_connections'),
  rejected_connections: counted(
    'connections',
    'Client connections refused at the limit.',
    'rejected_connections',
  ),
  connection_structures: gauge(
    'connections',
    'Client connections, and connections that have sent nothing yet.',
    ({ clients, unidentified }) => clients.count + unidentified.count,
  ),
  accepting_conns: gauge('flag', 'New connections are accepted.', () => 1),
  listen_disabled_num: counter('times', 'Times that accepting connections was suspended: never.', () => 0),
  time_in_listen_disabled_us: counter(
    'microseconds',
    'Time for which accepting was suspended: none.',
    () => 0,
  ),
  threads: gauge('threads', 'Threads that serve clients.', () => 1),
  conn_yields: counted(
    'times',
    'Times that a connection had to wait for the others to be served.',
    'conn_yields',
  ),
  idle_kicks: counted('connections', 'Client connections closed because they were idle.', 'idle_kicks'),
  bytes_read: counted('bytes', 'Bytes read from clients.', 'bytes_read'),
  bytes_written: counted('bytes', 'Bytes written to clients.', 'bytes_written'),

  cmd_get: counted('operations', 'Keys that clients asked for.', 'cmd_get'),
  cmd_set: counted('operations', 'Storage commands.', 'cmd_set'),
  cmd_flush: counted('operations', 'Flushes of all keys.', 'cmd_flush'),
  cmd_touch: counted('operations', 'Keys that were given a new expiry by a touch or by a read.', 'cmd_touch'),
  cmd_meta: counted('operations', 'Meta debug commands (`me`).', 'cmd_meta'),
  get_hits: counted('operations', 'Keys that clients asked for and got.', 'get_hits'),
  get_misses: counted('operations', 'Keys that clients asked for and that had no entry.', 'get_misses'),
  delete_hits: counted('operations', 'Deletions of a key that had an entry.', 'delete_hits'),
  delete_misses: counted('operations', 'Deletions of a key that had no entry.', 'delete_misses'),
  incr_hits: counted('operations', 'Increments of a key that had an entry.', 'incr_hits'),
  incr_misses: counted('operations', 'Increments of a key that had no entry.', 'incr_misses'),
  decr_hits: counted('operations', 'Decrements of a key that had an entry.', 'decr_hits'),
  decr_misses: counted('operations', 'Decrements of a key that had no entry.', 'decr_misses'),
  cas_hits: counted('operations', 'Compare-and-set commands whose token matched.', 'cas_hits'),
  cas_misses: counted('operations', 'Compare-and-set commands for a key that had no entry.', 'cas_misses'),
  cas_badval: counted('operations', 'Compare-and-set commands whose token did not match.', 'cas_badval'),
  touch_hits: counted('operations', 'Touches of a key that had an entry.', 'touch_hits'),
  touch_misses: counted('operations', 'Touches of a key that had no entry.', 'touch_misses'),
  store_too_large: counted('operations', 'Storage commands with a value above the limit.', 'store_too_large'),
  auth_cmds: counted('operations', 'Authentication commands.', 'auth_cmds'),
  auth_errors: counted('operations', 'Authentication commands that failed.', 'auth_errors'),
  total_items: counted('operations', 'Entries that clients have stored.', 'total_items'),
  curr_items: gauge('records', 'Keys that have an entry.', keysHere),

  memchorus_version: label('Version of this controller.', () => VERSION),
  memchorus_level: label('Level of the default keyspace.', ({ core }) => levelOf(core.levels.ofDefault)),
  memchorus_levels_epoch: gauge(
    'operations',
    'Changes of levels while the cluster ran; 0 while it goes by its configuration.',
    ({ core }) => epochOf(core.groups.views.placement),
  ),
  memchorus_move: label('The keyspace whose keys get another kind of level; - without one.', ({ core }) => {
    const move = core.groups.views.placement?.move ?? null;
    return move === null ? '-' : nameOfChange(move);
  }),
  memchorus_move_phase: label(
    'How far that change is: preparing, barrier, settling.',
    ({ core }) => core.groups.views.placement?.move?.phase ?? '-',
  ),
  memchorus_move_records: gauge(
    'records',
    'Records that this controller has copied for that change, or has forgotten after it.',
    ({ core }) => core.mover.word?.done ?? 0,
  ),
  memchorus_ready: gauge('flag', 'Reads and writes are served.', ({ core, settings }) =>
    flag(readTroubleOf(core, settings) === '' && writeTroubleOf(core) === ''),
  ),
  memchorus_requests_pending: gauge('operations', 'Writes received and not applied yet.', ({ core }) =>
    sumOf(core, ({ scheme }) => scheme.pending),
  ),
  memchorus_requests_completed: counter('operations', 'Writes applied.', ({ core }) =>
    sumOf(core, ({ scheme }) => scheme.completed),
  ),
  memchorus_behind_writes: gauge(
    'operations',
    'Writes missing here that a peer is known to have: of the peer that has most.',
    (parts) => largestLag(parts).writes,
  ),
  memchorus_behind_ms: gauge(
    'milliseconds',
    'Time since this controller had all that a peer had told of, by its monotonic clock: of the slowest peer.',
    (parts) => Math.round(largestLag(parts).ms),
  ),
  memchorus_keys: gauge('records', 'Keys that have an entry.', keysHere),
  memchorus_errors: counted('operations', 'Operations answered with a server error.', 'memchorus_errors'),
  memchorus_reads_linearizability: readsServedAt('linearizability'),
  memchorus_reads_sequential: readsServedAt('sequential'),
  memchorus_reads_causal: readsServedAt('causal'),
  memchorus_reads_eventual: readsServedAt('eventual'),
  memchorus_reads_bounded: counter(
    'operations',
    'Keys read here because a proof showed that what is here is new enough.',
    ({ core }) => core.coordinator.readsServed.bounded,
  ),
  memchorus_clients_refused: counted(
    'connections',
    'Client connections ended because memory for clients was used up.',
    'memchorus_clients_refused',
  ),
  memchorus_clients_stalled: counted(
    'connections',
    'Client connections closed because they took no replies while memory for clients was short.',
    'memchorus_clients_stalled',
  ),
  memchorus_peers: gauge(
    'controllers',
    'Controllers of the cluster.',
    ({ core }) => core.configuration.controllers.length,
  ),
  memchorus_peers_up: gauge('controllers', 'Controllers that are up, this one included.', upCountOf),
  memchorus_store_up: gauge('flag', 'The store answers.', ({ store }) => flag(store.state.up)),
  memchorus_store_gets: counter('operations', 'Reads of the store.', ({ store }) => store.counters.gets),
  memchorus_store_sets: counter('operations', 'Writes to the store.', ({ store }) => store.counters.sets),
  memchorus_store_deletes: counter(
    'operations',
    'Deletions in the store.',
    ({ store }) => store.counters.deletes,
  ),
  memchorus_store_errors: counter(
    'operations',
    'Store operations that failed.',
    ({ store }) => store.counters.errors,
  ),
  memchorus_store_reconnects: counter(
    'times',
    'Times that the store came back.',
    ({ store }) => store.counters.reconnects,
  ),
  memchorus_store_foreign_values: counter(
    'values',
    'Values found in the store that no controller wrote.',
    ({ store }) => store.counters.foreignValues,
  ),
  memchorus_client_bytes: gauge('bytes', 'Memory held for clients.', ({ budget }) => budget.bytes),
  memchorus_hot_hits: counter('operations', 'Reads answered from hot entries.', (parts) => hotOf(parts).hits),
  memchorus_hot_misses: counter(
    'operations',
    'Reads that went to the store.',
    (parts) => hotOf(parts).misses,
  ),
  memchorus_hot_entries: gauge('values', 'Hot entries in memory.', (parts) => hotOf(parts).entries),
  memchorus_hot_bytes: gauge('bytes', 'Memory of hot entries.', (parts) => hotOf(parts).bytes),
  memchorus_store_instances: counter(
    'times',
    'Times that another process was found in place of the store.',
    ({ core }) => firstOf(core).recovery.watch.instances,
  ),
  memchorus_store_emptied: counter(
    'times',
    'Times that the store was found emptied.',
    ({ core }) => firstOf(core).recovery.watch.emptied,
  ),
  memchorus_values_missing: counter(
    'values',
    'Reads that the store did not answer with the value.',
    ({ core }) => sumOf(core, ({ replica }) => replica.counters.missing),
  ),
  memchorus_values_recovered: counter('values', 'Missing values found in the journal.', ({ core }) =>
    sumOf(core, ({ replica }) => replica.counters.fromJournal),
  ),
  memchorus_values_fetched: counter('values', 'Missing values fetched from peers.', ({ core }) =>
    sumOf(core, ({ recovery }) => recovery.repairs.fetched),
  ),
  memchorus_values_lost: counter('values', 'Missing values found nowhere.', ({ core }) =>
    sumOf(core, ({ recovery }) => recovery.repairs.gone),
  ),
  memchorus_refill_running: gauge('flag', 'The store is being refilled.', (parts) =>
    flag(refillFiguresOf(parts.core).isRunning),
  ),
  memchorus_refill_keys_done: gauge(
    'records',
    'Keys that the last refill has checked.',
    (parts) => refillFiguresOf(parts.core).done,
  ),
  memchorus_refill_keys_total: {
    ...gauge(
      'records',
      'Keys that the last refill has to check.',
      (parts) => refillFiguresOf(parts.core).total,
    ),
    exposed: { name: 'memchorus_refill_keys' },
  },
  memchorus_refill_from_journal: gauge(
    'values',
    'Values that the last refill took from the journal.',
    (parts) => refillFiguresOf(parts.core).fromJournal,
  ),
  memchorus_refill_from_peers: gauge(
    'values',
    'Values that the last refill took from peers.',
    (parts) => refillFiguresOf(parts.core).fromPeers,
  ),
  memchorus_journal_entries: gauge(
    'records',
    'Records of the journal, tombstones included.',
    ({ storage }) => storage.records,
  ),
  memchorus_journal_backlog_bytes: gauge(
    'bytes',
    'Bytes of the journal that wait for the disk.',
    ({ storage }) => storage.status().backlogBytes,
  ),
  memchorus_journal_disk_bytes: gauge(
    'bytes',
    'Bytes of the journal on disk.',
    ({ storage }) => storage.status().diskBytes,
  ),
  memchorus_peer_links_made: counter(
    'links',
    'Links to peers that were made.',
    ({ mesh }) => mesh.traffic.linksMade,
  ),
  memchorus_peer_bytes_read: {
    ...counter('bytes', 'Bytes read from peers.', ({ mesh }) => mesh.traffic.read),
    exposed: { name: 'memchorus_peer_read_bytes_total' },
  },
  memchorus_peer_bytes_written: {
    ...counter('bytes', 'Bytes written to peers.', ({ mesh }) => mesh.traffic.written),
    exposed: { name: 'memchorus_peer_written_bytes_total' },
  },
  memchorus_slow_requests: counter(
    'operations',
    'Requests that took slow_request_time or longer.',
    ({ core }) => core.coordinator.times.slow.total,
  ),
  memchorus_views_installed: counter('times', 'Views that this controller has served in.', ({ core }) =>
    core.groups.all.reduce((sum, { scheme }) => sum + (scheme.views?.times.installed ?? 0), 0),
  ),
  memchorus_exchanged_writes: counter(
    'operations',
    'Writes that exchanges with peers have brought.',
    (parts) => sumOf(parts.core, ({ scheme }) => scheme.exchange.received),
  ),
  ...HOP_METRICS,
} as const satisfies Readonly<Record<Counter, Metric>> & Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** A metric as `stats` shows it. */
export function metricText(name: MetricName, parts: ControllerParts): string {
  const { read, decimals }: Metric = METRICS[name];
  const value = read(parts);
  return typeof value === 'number' && decimals !== undefined ? value.toFixed(decimals) : `${value}`;
}

export function uptimeSecondsOf({ clock, startedMs }: ControllerParts): number {
  return Math.round((clock.nowMs() - startedMs) / 100) / 10;
}

type ReadNumber = (parts: ControllerParts) => number;

interface NumberMetric extends Metric {
  readonly read: ReadNumber;
}

/** While keys move from one group to another, both have records of them. */
function keysHere({ storage, core }: ControllerParts): number {
  const { groups, mover } = core;
  return groups.all.reduce((keys, group) => keys - mover.surplusIn(group), storage.keys);
}

function gauge(unit: MetricUnit, help: string, read: ReadNumber): NumberMetric {
  return { kind: 'gauge', unit, help, read };
}

function counter(unit: MetricUnit, help: string, read: ReadNumber): NumberMetric {
  return { kind: 'counter', unit, help, read };
}

/** A counter that `Statistics` keeps. */
function counted(unit: MetricUnit, help: string, name: Counter): NumberMetric {
  return counter(unit, help, ({ statistics }) => statistics.counts[name]);
}

/** Reads of clients, by the level that served them. */
function readsServedAt(level: Level): NumberMetric {
  const help = 'Keys that clients have read, by the level that served them.';
  return {
    ...counter('operations', `Keys read at ${level}.`, ({ core }) => core.coordinator.readsServed[level]),
    exposed: { name: 'memchorus_reads_total', labels: { level }, help },
  };
}

function label(help: string, read: (parts: ControllerParts) => string): Metric {
  return { kind: 'label', unit: 'none', help, read };
}

function flag(isSo: boolean): number {
  return isSo ? 1 : 0;
}

function hotOf({ core }: ControllerParts) {
  return firstOf(core).replica.hot.counters;
}

function upCountOf({ core, settings }: ControllerParts): number {
  const ids = idsOf(core.configuration);
  return ids.filter((id) => id === settings.self || core.peers.isUp(id)).length;
}
