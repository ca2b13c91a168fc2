/**
 * One setting. From its row come the key in `[common]` of the configuration file, the flag, the environment
 * variable, the default and the line of help.
 */
export interface SettingRow {
  readonly group: 'Cluster' | 'Timing' | 'Store' | 'Bounds' | 'Log';
  /** The default in the notation of the configuration file; empty when it is derived from other settings. */
  readonly fallback: string;
  readonly describe: string;
  /** Further names of the flag. Names of several letters are written with a single dash. */
  readonly aliases?: readonly string[];
}

export const SETTINGS = {
  cluster: {
    group: 'Cluster',
    fallback: 'memchorus',
    describe: 'name of the cluster; peers of another cluster are refused',
  },
  peers: {
    group: 'Cluster',
    fallback: '127.0.0.1:8000,127.0.0.1:8001,127.0.0.1:8002',
    describe: 'every controller, this one included: host:port,host:port,… The order gives the ids',
  },
  cluster_secret: {
    group: 'Cluster',
    fallback: '',
    describe:
      'file with the cluster secret; the variable MEMCHORUS_CLUSTER_SECRET can contain the secret itself',
  },
  consistency: {
    group: 'Cluster',
    fallback: 'sequential',
    describe: 'linearizability, sequential or eventual',
    aliases: ['cons'],
  },
  form: {
    group: 'Cluster',
    fallback: 'no',
    describe: 'yes: a majority may form an empty cluster without the others, for this start',
  },
  heartbeat_time: { group: 'Timing', fallback: '0.1', describe: 'seconds between heartbeats' },
  threshold: { group: 'Timing', fallback: '3', describe: 'missed heartbeats before a peer counts as down' },
  lease_time: {
    group: 'Timing',
    fallback: '0.3',
    describe: 'seconds for which a member may serve strong reads after the others last granted a lease',
  },
  request_timeout: {
    group: 'Timing',
    fallback: '1',
    describe: 'seconds within which every request is answered',
  },
  sync_interval: { group: 'Timing', fallback: '1', describe: 'seconds between rounds of anti-entropy' },
  tombstone_horizon: {
    group: 'Timing',
    fallback: '259200',
    describe:
      'seconds of silence after which deletions are forgotten although a peer missed them; it has to start empty',
  },
  max_clock_skew: {
    group: 'Timing',
    fallback: '10',
    describe: 'seconds by which a clock may be wrong before it is reported',
  },
  data_dir: {
    group: 'Store',
    fallback: '',
    describe:
      'directory for journals, "-" for none; by default such as data/ordered-3-8000: kind of level, number of ' +
      'controllers, first port',
  },
  durability: {
    group: 'Store',
    fallback: 'async',
    describe: 'none; async: writes are on disk a moment after their answer; or sync: before their answer',
  },
  store: {
    group: 'Store',
    fallback: 'memcache',
    describe: 'memcache; memjs: the same through memjs; or custom: embedded in the controller',
    aliases: ['kv', 'kvtype'],
  },
  stores: {
    group: 'Store',
    fallback: '',
    describe:
      'the memcached of each peer, in the order of the peers: host:port,…; by default 127.0.0.1:11201+id',
  },
  store_timeout: {
    group: 'Store',
    fallback: '0.5',
    describe: 'seconds without an answer after which a store counts as down',
  },
  store_bytes: { group: 'Store', fallback: '64m', describe: 'bytes that the embedded store may hold' },
  hot_bytes: {
    group: 'Store',
    fallback: '0',
    describe: 'bytes that hot entries may take in the controller, 0 for none',
  },
  item_size_max: {
    group: 'Bounds',
    fallback: '1m',
    describe: 'bytes of the largest item, key and header included',
  },
  connections_max: { group: 'Bounds', fallback: '1024', describe: 'most client connections at once' },
  pipeline_max: {
    group: 'Bounds',
    fallback: '1024',
    describe: 'most requests of one connection in progress at once',
  },
  queue_bytes_max: {
    group: 'Bounds',
    fallback: '64m',
    describe: 'most bytes of ordered writes that wait for agreement',
  },
  client_bytes_max: {
    group: 'Bounds',
    fallback: '256m',
    describe: 'most bytes of memory for all clients: values under way, replies not taken',
  },
  idle_timeout: {
    group: 'Bounds',
    fallback: '0',
    describe: 'seconds after which a silent client is closed, 0 for never',
  },
  shutdown_command: {
    group: 'Bounds',
    fallback: 'no',
    describe: 'yes: a client may end this controller with "shutdown"',
  },
  log_file: {
    group: 'Log',
    fallback: 'controller.log',
    describe: 'log file, "-" for the console; the id is added to the name',
  },
  log_level: { group: 'Log', fallback: 'info', describe: 'error, warn, info or debug' },
  log_format: { group: 'Log', fallback: 'text', describe: 'text; or json: each line is an object' },
  log_size_max: { group: 'Log', fallback: '10m', describe: 'bytes at which a log file is set aside' },
  log_files_max: {
    group: 'Log',
    fallback: '3',
    describe: 'most log files, the current one included',
  },
} as const satisfies Record<string, SettingRow>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(word: string): word is SettingKey {
  return Object.hasOwn(SETTINGS, word);
}

/** The name of the flag: `heartbeat_time` becomes `heartbeat-time`. */
export function flagOf(key: SettingKey): string {
  return key.replaceAll('_', '-');
}

const ENVIRONMENT_PREFIX = 'MEMCHORUS_';

/** The name of the variable: `heartbeat_time` becomes `MEMCHORUS_HEARTBEAT_TIME`. */
export function environmentNameOf(key: string): string {
  return ENVIRONMENT_PREFIX + key.toUpperCase();
}

/** The text of a setting, and where it was set, for messages. */
export interface RawSetting {
  readonly text: string;
  /** Such as `threshold in config.ini`, `--threshold` or `MEMCHORUS_THRESHOLD`. */
  readonly origin: string;
}

export type RawSettings = ReadonlyMap<SettingKey, RawSetting>;
