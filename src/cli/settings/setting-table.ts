/**
 * The one table of settings. From a row come the key in `[common]` of the configuration file, the flag, the
 * environment variable, the default, and the line of help.
 */
export interface SettingRow {
  readonly group: 'Cluster' | 'Timing' | 'Store' | 'Bounds' | 'Log';
  /** In the notation of the configuration file; empty: worked out from other settings. */
  readonly fallback: string;
  readonly describe: string;
  /** Further names of the flag; those of several letters are written with a single dash. */
  readonly aliases?: readonly string[];
}

export const SETTINGS = {
  cluster: {
    group: 'Cluster',
    fallback: 'memchorus',
    describe: 'name of the cluster; peers of another are refused',
  },
  peers: {
    group: 'Cluster',
    fallback: '127.0.0.1:8000,127.0.0.1:8001,127.0.0.1:8002',
    describe: 'every controller, this one included: host:port,host:port,… The order gives the ids',
  },
  http_port: {
    group: 'Cluster',
    fallback: '0',
    describe:
      'further port for HTTP alone, 0 for none; controllers on one host take it and those that follow. Each port in peers serves HTTP as well',
  },
  http_hosts: {
    group: 'Cluster',
    fallback: '',
    describe: 'names by which HTTP clients reach the controllers, beside the hosts in peers: name,name,…',
  },
  cluster_secret: {
    group: 'Cluster',
    fallback: '',
    describe:
      'file with the secret that makes a process a peer; MEMCHORUS_CLUSTER_SECRET holds the secret itself',
  },
  consistency: {
    group: 'Cluster',
    fallback: 'sequential',
    describe: 'level of the keys of no keyspace: linearizability, sequential, causal or eventual',
    aliases: ['cons'],
  },
  scheme: {
    group: 'Cluster',
    fallback: 'broadcast',
    describe:
      'how ordered keyspaces that name no scheme are replicated: broadcast, or chain, for large values',
  },
  keyspaces: {
    group: 'Cluster',
    fallback: '',
    describe:
      'keys with a level of their own: NAME=PREFIX:LEVEL, with /SCHEME or /SHARDSxREPLICAS behind it, once for each; in the file a section [keyspace NAME]',
    aliases: ['keyspace'],
  },
  shards: {
    group: 'Cluster',
    fallback: '1',
    describe: 'over how many groups of controllers the keys of no keyspace are spread; 1: each has all keys',
  },
  replicas: {
    group: 'Cluster',
    fallback: '',
    describe: 'how many controllers have each shard, 3 by default, or as many as there are',
  },
  zones: {
    group: 'Cluster',
    fallback: '',
    describe: 'the zone of each peer, in the order of the peers: zone,zone,… A shard is in different zones',
  },
  form: {
    group: 'Cluster',
    fallback: 'no',
    describe: 'yes: a majority may begin an empty cluster without the others, for one start',
  },
  heartbeat_time: { group: 'Timing', fallback: '0.1', describe: 'seconds between heartbeats' },
  threshold: { group: 'Timing', fallback: '3', describe: 'missed heartbeats before a peer counts as down' },
  lease_time: {
    group: 'Timing',
    fallback: '0.3',
    describe: 'seconds a member may serve strong reads after the others were last heard',
  },
  request_timeout: { group: 'Timing', fallback: '1', describe: 'seconds in which a request is answered' },
  sync_interval: { group: 'Timing', fallback: '1', describe: 'seconds between rounds of anti-entropy' },
  tombstone_horizon: {
    group: 'Timing',
    fallback: '259200',
    describe: 'seconds of silence after which deletions are not kept for a peer, and it has to start anew',
  },
  max_clock_skew: {
    group: 'Timing',
    fallback: '10',
    describe: 'seconds a clock may be off before it is reported',
  },
  data_dir: {
    group: 'Store',
    fallback: '',
    describe:
      'where what must outlive the controller is kept, "-" for nowhere. By default data/ordered-3-8000: kind of level, number of controllers, first port',
  },
  durability: {
    group: 'Store',
    fallback: 'async',
    describe: 'none; async: writes are on disk a moment after their answer; or sync: before it',
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
      'the memcached of each peer, in the order of the peers: host:port,… By default 127.0.0.1:11201+id',
  },
  store_timeout: {
    group: 'Store',
    fallback: '0.5',
    describe: 'seconds without an answer after which a store counts as gone',
  },
  store_bytes: { group: 'Store', fallback: '64m', describe: 'most that the embedded store holds, in bytes' },
  hot_bytes: {
    group: 'Store',
    fallback: '0',
    describe: 'most that the hottest entries take in the controller itself, in bytes, 0 for none',
  },
  item_size_max: {
    group: 'Bounds',
    fallback: '1m',
    describe: 'largest item, key and header included, in bytes',
  },
  connections_max: { group: 'Bounds', fallback: '1024', describe: 'client connections at once' },
  pipeline_max: {
    group: 'Bounds',
    fallback: '1024',
    describe: 'requests of one connection in progress at once',
  },
  queue_bytes_max: {
    group: 'Bounds',
    fallback: '64m',
    describe: 'bytes of ordered writes waiting for agreement',
  },
  client_bytes_max: {
    group: 'Bounds',
    fallback: '256m',
    describe: 'bytes held for all clients together: values under way, replies not taken',
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
  slow_request_time: {
    group: 'Log',
    fallback: '0.05',
    describe: 'seconds after which a request counts as slow and slowlog lists it, 0 for none',
  },
  log_file: {
    group: 'Log',
    fallback: 'controller.log',
    describe: 'where to log, "-" for the console; the id is put into the name',
  },
  log_level: { group: 'Log', fallback: 'info', describe: 'error, warn, info or debug' },
  log_format: { group: 'Log', fallback: 'text', describe: 'text, or json: each line an object' },
  log_size_max: { group: 'Log', fallback: '10m', describe: 'bytes after which a log file is put aside' },
  log_files_max: {
    group: 'Log',
    fallback: '3',
    describe: 'log files that are kept, the current one included',
  },
} as const satisfies Record<string, SettingRow>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(word: string): word is SettingKey {
  return Object.hasOwn(SETTINGS, word);
}

/** `heartbeat_time` → `heartbeat-time`. */
export function flagOf(key: SettingKey): string {
  return key.replaceAll('_', '-');
}

const ENVIRONMENT_PREFIX = 'MEMCHORUS_';

/** `heartbeat_time` → `MEMCHORUS_HEARTBEAT_TIME`. */
export function environmentNameOf(key: string): string {
  return ENVIRONMENT_PREFIX + key.toUpperCase();
}

/** A setting as somebody wrote it, and where, for the message when it turns out to be wrong. */
export interface RawSetting {
  readonly text: string;
  /** `threshold in config.ini`, `--threshold`, `MEMCHORUS_THRESHOLD`. */
  readonly origin: string;
}

export type RawSettings = ReadonlyMap<SettingKey, RawSetting>;

/** Settings that the program itself gives. */
export function ownSettings(given: Readonly<Partial<Record<SettingKey, string>>>): RawSettings {
  const rows = Object.entries(given) as [SettingKey, string][];
  return new Map(rows.map(([key, text]) => [key, { text, origin: key }]));
}
