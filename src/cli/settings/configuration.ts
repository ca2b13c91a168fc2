import { join, resolve } from 'node:path';
import { journalKindsOf } from '../../controller/journal-kinds.ts';
import {
  type Address,
  httpAddressOf,
  type Settings,
  type SharedSettings,
} from '../../controller/settings.ts';
import type { Durability } from '../../journal/durability.ts';
import { type OrderedScheme, placedLevel } from '../../placement/placed-level.ts';
import { DEFAULT_KEYSPACE } from '../../placement/placement.ts';
import { REPLICAS, type ShardedKeyspace } from '../../placement/shards.ts';
import { SHARDS_MAX } from '../../placement/slots.ts';
import { UsageError } from '../failure.ts';
import { formatAddress, sameAddress } from './address.ts';
import { refuseContradictions } from './contradictions.ts';
import { keyspacesWith, shardList } from './keyspace-list.ts';
import { type RawSetting, type RawSettings, SETTINGS, type SettingKey } from './setting-table.ts';
import * as read from './setting-values.ts';
import {
  replicasAmong,
  type ShardsOfLevel,
  shardedKeyspace,
  tooManyShards,
  votersAmong,
  zonesOf,
} from './shard-settings.ts';

/** The settings that all controllers share, validated. */
export interface ResolvedSettings extends SharedSettings {
  /** The memcached of each peer; null: nobody said where, so that it is 127.0.0.1, `STORE_PORT_BASE` + id. */
  readonly stores: readonly Address[] | null;
}

/** The store of controller 0 on loopback; the others follow. */
export const STORE_PORT_BASE = 11_201;

/** @param layers the strongest first: flags, environment, file */
export function resolveConfiguration(layers: readonly RawSettings[]): ResolvedSettings {
  const chosen = new Chosen(layers);
  const peers = chosen.read('peers', read.addresses);
  const scheme = chosen.read('scheme', read.scheme);
  const keyspaces = chosen.read('keyspaces', keyspacesWith(scheme));
  const sharded = shardedOf(chosen, peers, scheme);
  const configuration: ResolvedSettings = {
    cluster: chosen.read('cluster', read.name),
    peers,
    ...votersAmong(peers, { keyspaces, sharded }),
    secretFile: chosen.read('cluster_secret', (text) => text),
    level: placedLevel(chosen.read('consistency', read.level), scheme),
    scheme,
    keyspaces,
    sharded,
    zones: chosen.read('zones', zonesOf(peers)),
    form: chosen.read('form', read.yesOrNo),
    httpPort: chosen.read('http_port', httpPortFor(peers)),
    httpHosts: chosen.read('http_hosts', read.hostNames),
    ...timingOf(chosen),
    dataDir: dataDirectoryOf(chosen, peers),
    durability: durabilityOf(chosen),
    tombstoneHorizonMs: chosen.read('tombstone_horizon', read.seconds(1, 31_536_000)),
    syncIntervalMs: chosen.read('sync_interval', read.seconds(0.05, 3600)),
    maxClockSkewMs: chosen.read('max_clock_skew', read.seconds(0.1, 86_400)),
    storeType: chosen.read('store', read.storeType),
    stores: chosen.has('stores') ? chosen.read('stores', storesOf(peers)) : null,
    storeTimeoutMs: chosen.read('store_timeout', read.seconds(0.01, 60)),
    storeBytesMax: chosen.read('store_bytes', read.bytes('1m', '64g')),
    hotBytesMax: chosen.read('hot_bytes', read.bytes('0', '64g')),
    itemBytesMax: chosen.read('item_size_max', read.bytes('1k', '128m')),
    connectionsMax: chosen.read('connections_max', read.count(1, 1_000_000)),
    pipelineMax: chosen.read('pipeline_max', read.count(1, 1_000_000)),
    queueBytesMax: chosen.read('queue_bytes_max', read.bytes('1m', '64g')),
    clientBytesMax: chosen.read('client_bytes_max', read.bytes('8m', '64g')),
    slowRequestMs: chosen.read('slow_request_time', read.seconds(0, 600)),
    idleTimeoutMs: chosen.read('idle_timeout', read.seconds(0, 1_000_000)),
    shutdownCommand: chosen.read('shutdown_command', read.yesOrNo),
    logFile: chosen.read('log_file', read.fileName),
    logLevel: chosen.read('log_level', read.logLevel),
    logFormat: chosen.read('log_format', read.logFormat),
    logSizeMax: chosen.read('log_size_max', read.bytes('4k', '64g')),
    logFilesMax: chosen.read('log_files_max', read.count(1, 1000)),
  };
  refuseContradictions(configuration, (key) => chosen.describe(key));
  return configuration;
}

/**
 * A data directory is good for one list of peers only, and entries stay with the kind of level that they were written
 * at. The default therefore names the number of peers, the first port, and the kind of level of the default keyspace,
 * so that another level, number or port can be tried beside what is there.
 */
function dataDirectoryOf(chosen: Chosen, peers: readonly Address[]): string {
  if (chosen.has('data_dir')) return chosen.read('data_dir', read.fileName);
  const level = placedLevel(chosen.read('consistency', read.level), chosen.read('scheme', read.scheme));
  const [kind] = journalKindsOf({ level, keyspaces: [] });
  return join(DATA_DIRECTORY, `${kind}-${peers.length}-${peers[0]!.port}`);
}

/** The data directories of a run directory that nobody named are in it. */
export const DATA_DIRECTORY = 'data';

/** What is given of shards: `shards` and `replicas` for the default keyspace, and the list of the others. */
function shardedOf(
  chosen: Chosen,
  peers: readonly Address[],
  scheme: OrderedScheme,
): readonly ShardedKeyspace[] {
  const replicas = chosen.has('replicas')
    ? chosen.read('replicas', replicasAmong(peers.length))
    : Math.min(REPLICAS, peers.length);
  const own = {
    name: DEFAULT_KEYSPACE,
    shards: chosen.read('shards', read.count(1, SHARDS_MAX)),
    replicas: null,
    level: placedLevel(chosen.read('consistency', read.level), scheme),
  };
  const levels = chosen.read('keyspaces', keyspacesWith(scheme));
  const others = chosen.read('keyspaces', shardList).map((given) => {
    return { ...given, level: levels.find(({ name }) => name === given.name)!.level };
  });
  const checked = (given: ShardsOfLevel) => shardedKeyspace(given, replicas, peers.length);
  const sharded = [
    ...chosen.read('shards', () => checked(own)),
    ...chosen.read('keyspaces', () => others.flatMap(checked)),
  ];
  const refusal = tooManyShards(sharded);
  if (refusal !== null) throw new UsageError('SETTING', refusal);
  return sharded.map(({ name, shards, replicas: some }) => ({ name, shards, replicas: some }));
}

/** Without a data directory there is none, and nobody may count on more. */
function durabilityOf(chosen: Chosen): Durability {
  const nowhere = chosen.has('data_dir') && chosen.read('data_dir', read.fileName) === '-';
  return chosen.read('durability', (text) => {
    const durability = read.durability(text);
    if (!nowhere) return durability;
    if (durability !== 'sync') return 'none';
    throw new read.BadValue('data_dir is "-", so there is no disk to wait for; set one, or choose none');
  });
}

/** Every controller has to have a port of its own for HTTP, which no other controller listens on. */
function httpPortFor(peers: readonly Address[]): read.ValueReader<number> {
  return (text) => {
    const httpPort = read.count(0, PORT_MAX)(text);
    const own = peers.flatMap((_, id) => httpAddressOf({ httpPort, peers }, id) ?? []);
    const taken = own.find((address) => peers.some((peer) => sameAddress(peer, address)));
    if (taken !== undefined)
      throw new read.BadValue(
        `${formatAddress(taken)} is an address in peers, which serves HTTP without this setting; choose another port`,
      );
    const last = Math.max(httpPort, ...own.map(({ port }) => port));
    if (last <= PORT_MAX) return httpPort;
    throw new read.BadValue(`the controllers would need ports up to ${last}; choose a smaller one`);
  };
}

const PORT_MAX = 65_535;

function storesOf(peers: readonly Address[]): read.ValueReader<readonly Address[]> {
  return (text) => {
    const stores = read.addresses(text);
    if (stores.length === peers.length) return stores;
    throw new read.BadValue(
      `there are ${peers.length} peers; give every one its own store, in the same order`,
    );
  };
}

/** Two defaults grow with the settings that they have to exceed: nobody who changes one of those needs to know them. */
function timingOf(
  chosen: Chosen,
): Pick<ResolvedSettings, 'heartbeatMs' | 'threshold' | 'leaseMs' | 'requestTimeoutMs'> {
  const heartbeatMs = chosen.read('heartbeat_time', read.seconds(0.01, 60));
  const threshold = chosen.read('threshold', read.count(1, 1000));
  chosen.derive('lease_time', Math.max(LEASE_MS, 3 * heartbeatMs));
  const leaseMs = chosen.read('lease_time', read.seconds(0.02, 600));
  chosen.derive('request_timeout', Math.max(REQUEST_TIMEOUT_MS, 1.5 * (heartbeatMs * threshold + leaseMs)));
  const requestTimeoutMs = chosen.read('request_timeout', read.seconds(0.05, 600));
  return { heartbeatMs, threshold, leaseMs, requestTimeoutMs };
}

/** At the least, in milliseconds. */
const LEASE_MS = 300;
const REQUEST_TIMEOUT_MS = 1000;

/** The strongest layer that says something about a setting has it. */
class Chosen {
  readonly #layers: readonly RawSettings[];
  readonly #derived = new Map<SettingKey, RawSetting>();

  constructor(layers: readonly RawSettings[]) {
    this.#layers = layers;
  }

  has(key: SettingKey): boolean {
    return this.#layers.some((layer) => layer.has(key));
  }

  /** The default of a time, where it follows from other settings. */
  derive(key: SettingKey, ms: number): void {
    const seconds = Math.min(Math.ceil(ms) / 1000, DERIVED_SECONDS_MAX);
    this.#derived.set(key, { text: String(seconds), origin: `the default of ${key}` });
  }

  /** For people: the setting, where it was made, and its value. */
  describe(key: SettingKey): string {
    const { text, origin } = this.#raw(key);
    return `${origin} is ${text}`;
  }

  read<T>(key: SettingKey, reader: read.ValueReader<T>): T {
    const raw = this.#raw(key);
    try {
      return reader(raw.text);
    } catch (error) {
      if (!(error instanceof read.BadValue)) throw error;
      throw new UsageError('SETTING', `${raw.origin} is "${raw.text}": ${error.message}`, { cause: error });
    }
  }

  #raw(key: SettingKey): RawSetting {
    for (const layer of this.#layers) {
      const raw = layer.get(key);
      if (raw !== undefined) return raw;
    }
    return this.#derived.get(key) ?? { text: SETTINGS[key].fallback, origin: `the default of ${key}` };
  }
}

/** No default exceeds what may be set. */
const DERIVED_SECONDS_MAX = 600;

/** What says which of the peers a process is: a flag, else for the id `MEMCHORUS_ID`. */
export interface SelfChoice {
  readonly id: number | null;
  readonly host: string | null;
  readonly port: number | null;
}

const DEFAULT_HOST = '127.0.0.1';

/** @throws UsageError when nothing says so, or what says so names no peer */
export function selfOf(peers: readonly Address[], identity: SelfChoice): number {
  const listed = `the peers are ${peers.map(formatAddress).join(', ')}`;
  if (identity.id !== null) {
    if (identity.id < peers.length) return identity.id;
    throw new UsageError(
      'NO_SUCH_CONTROLLER',
      `--id ${identity.id} names no peer: ids go from 0 to ${peers.length - 1}; ${listed}`,
    );
  }
  if (identity.port === null) {
    throw new UsageError(
      'NO_SUCH_CONTROLLER',
      `which controller is this? Give its port with -p, or --id; ${listed}`,
    );
  }
  const own: Address = { host: identity.host ?? DEFAULT_HOST, port: identity.port };
  const self = peers.findIndex((peer) => sameAddress(peer, own));
  if (self >= 0) return self;
  throw new UsageError(
    'NO_SUCH_CONTROLLER',
    `${formatAddress(own)} is not among the peers: correct -i and -p, or add it; ${listed}`,
  );
}

/** Where the store is, when the flags of one controller say so. */
export interface StoreOverride {
  readonly host: string | null;
  readonly port: number | null;
}

/** @param runDirectory where a relative log file or data directory goes */
export function settingsOf(
  configuration: ResolvedSettings,
  self: number,
  override: StoreOverride,
  runDirectory: string,
): Settings {
  const { stores, ...shared } = configuration;
  const store = stores?.[self] ?? { host: DEFAULT_HOST, port: STORE_PORT_BASE + self };
  return {
    ...shared,
    self,
    storeAddress: { host: override.host ?? store.host, port: override.port ?? store.port },
    logFile: logFileOf(configuration.logFile, self, runDirectory),
    dataDir: dataDirOf(configuration.dataDir, runDirectory),
  };
}

/** `controller.log` → `controller-0.log`: controllers that read the same file must not share a log. */
export function logFileOf(logFile: string, self: number, runDirectory: string): string {
  if (logFile === '-') return logFile;
  const numbered = logFile.replace(/(\.[^./\\]+)?$/, (extension) => `-${self}${extension}`);
  return resolve(runDirectory, numbered);
}

/** Empty for nowhere. */
export function dataDirOf(dataDir: string, runDirectory: string): string {
  return dataDir === '-' ? '' : resolve(runDirectory, dataDir);
}
