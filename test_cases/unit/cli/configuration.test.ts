import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failure.ts';
import { PROJECT_CONFIG_FILE } from '../../../src/cli/locations.ts';
import {
  logFileOf,
  resolveConfiguration,
  selfOf,
  settingsOf,
} from '../../../src/cli/settings/configuration.ts';
import { environmentLayer } from '../../../src/cli/settings/environment.ts';
import { type RawSetting, SETTING_KEYS, type SettingKey } from '../../../src/cli/settings/setting-table.ts';
import { parseSettings, readSettingsFile } from '../../../src/cli/settings/settings-file.ts';

const layer = (settings: Partial<Record<SettingKey, string>>): Map<SettingKey, RawSetting> =>
  new Map(Object.entries(settings).map(([key, text]) => [key as SettingKey, { text, origin: `--${key}` }]));

describe('precedence', () => {
  const flags = layer({ threshold: '5' });
  const environment = environmentLayer({
    MEMCHORUS_THRESHOLD: '6',
    MEMCHORUS_HEARTBEAT_TIME: '0.6',
    OTHER: 'x',
  });
  const file = parseSettings(
    '[common]\nthreshold = 7\nheartbeat_time = 0.7\nsync_interval = 0.75 ; seconds',
    'c.ini',
  );

  it('is: flags, environment, file, defaults', () => {
    expect(resolveConfiguration([flags, environment, file])).toMatchObject({
      threshold: 5,
      heartbeatMs: 600,
      syncIntervalMs: 750,
      maxClockSkewMs: 10_000,
    });
  });

  it('ignores empty environment variables', () => {
    expect(environmentLayer({ MEMCHORUS_THRESHOLD: '' }).size).toBe(0);
  });
});

describe('settings that contradict each other', () => {
  const refused = (settings: Partial<Record<SettingKey, string>>): string => {
    try {
      resolveConfiguration([layer(settings)]);
      return '';
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
  };

  it.each<[Partial<Record<SettingKey, string>>, string]>([
    [
      { lease_time: '0.1' },
      '--lease_time is 0.1, but has to be more than heartbeat_time (the default of heartbeat_time is 0.1): a lease',
    ],
    [
      { lease_time: '1', heartbeat_time: '2' },
      '--lease_time is 1, but has to be more than heartbeat_time (--heart',
    ],
    [
      { request_timeout: '0.6' },
      '--request_timeout is 0.6, but has to be more than heartbeat_time * threshold + lease_time (the default of',
    ],
    [{ request_timeout: '3', threshold: '40' }, '--threshold is 40'],
    [
      { request_timeout: '1', store_timeout: '1' },
      'but has to be more than store_timeout (--store_timeout is 1)',
    ],
    [{ tombstone_horizon: '1', threshold: '10' }, '--tombstone_horizon is 1, but has to be more than'],
    [
      { queue_bytes_max: '1m', item_size_max: '2m' },
      '--queue_bytes_max is 1m, but has to be at least item_size_max',
    ],
    [{ client_bytes_max: '8m', item_size_max: '9m' }, '--client_bytes_max is 8m'],
    [{ store: 'custom', store_bytes: '1m', item_size_max: '2m' }, '--store_bytes is 1m'],
  ])('%j', (settings, message) => {
    expect(refused(settings)).toContain(message);
  });

  it('are accepted when the settings have no effect', () => {
    expect(refused({ consistency: 'eventual', lease_time: '0.05', request_timeout: '0.55' })).toBe('');
    expect(refused({ store: 'custom', consistency: 'eventual', store_timeout: '5' })).toBe('');
    expect(refused({ store_bytes: '1m', item_size_max: '2m' })).toBe('');
  });

  it('are not caused by defaults, which grow with the settings that they have to exceed', () => {
    expect(resolveConfiguration([layer({ heartbeat_time: '2' })])).toMatchObject({
      leaseMs: 6_000,
      requestTimeoutMs: 18_000,
    });
    expect(resolveConfiguration([layer({ threshold: '4' })])).toMatchObject({
      leaseMs: 300,
      requestTimeoutMs: 1_050,
    });
  });
});

describe('variables of the environment', () => {
  it.each([
    ['MEMCHORUS_HEARTBEAT', 'did you mean "MEMCHORUS_HEARTBEAT_TIME"?'],
    ['MEMCHORUS_TRESHOLD', 'did you mean "MEMCHORUS_THRESHOLD"?'],
    ['MEMCHORUS_RUNDIR', 'did you mean "MEMCHORUS_RUN_DIR"?'],
    ['MEMCHORUS_SOMETHING', 'unknown environment variable MEMCHORUS_SOMETHING;'],
    ['MEMCHORUS_PORT', 'unknown environment variable MEMCHORUS_PORT'],
  ])('%s is refused as unknown', (name, message) => {
    expect(() => environmentLayer({ [name]: '8000' })).toThrow(UsageError);
    expect(() => environmentLayer({ [name]: '8000' })).toThrow(message);
  });

  it('of Docker and Kubernetes that begin with the same prefix are ignored', () => {
    const others = {
      MEMCHORUS_RUN_DIR: '/x',
      MEMCHORUS_ID: '1',
      MEMCHORUS_STORE_PORT_0: '1',
      MEMCHORUS_SERVICE_HOST: '10.0.0.1',
      MEMCHORUS_SERVICE_PORT: '8000',
      MEMCHORUS_0_SERVICE_PORT_CLIENTS: '8000',
      MEMCHORUS_PORT: 'tcp://10.0.0.1:8000',
      MEMCHORUS_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      MEMCHORUS_PORT_8000_TCP_ADDR: '10.0.0.1',
    };
    expect(environmentLayer(others).size).toBe(0);
  });
});

it('a key that occurs twice in a file is refused, wherever it stands', () => {
  const text = '[common]\nthreshold = 3\n; threshold = 4\n[common]\n  threshold=5\n';
  expect(() => parseSettings(text, 'c.ini')).toThrow(
    'c.ini: "threshold" stands there twice, in lines 2 and 5; keep one',
  );
});

describe('defaults', () => {
  const defaults = resolveConfiguration([]);

  it('fit three controllers on this machine', () => {
    expect(defaults).toMatchObject({
      cluster: 'memchorus',
      level: 'sequential',
      heartbeatMs: 100,
      threshold: 3,
      requestTimeoutMs: 1000,
      storeType: 'memcache',
      stores: null,
      storeTimeoutMs: 500,
      storeBytesMax: 64 * 1024 ** 2,
      hotBytesMax: 0,
      itemBytesMax: 1024 ** 2,
      connectionsMax: 1024,
      pipelineMax: 1024,
      queueBytesMax: 64 * 1024 ** 2,
      clientBytesMax: 256 * 1024 ** 2,
      idleTimeoutMs: 0,
      shutdownCommand: false,
      logLevel: 'info',
      durability: 'async',
    });
    expect(resolveConfiguration([layer({ data_dir: '-' })]).durability).toBe('none');
  });

  it('name a data directory of its own for each kind of level, number of peers and first port', () => {
    const dataDir = (layers: Record<string, string>) => resolveConfiguration([layer(layers)]).dataDir;
    expect(dataDir({ consistency: 'sequential' })).toBe('data/ordered-3-8000');
    expect(dataDir({ consistency: 'linearizability' })).toBe('data/ordered-3-8000');
    expect(dataDir({ consistency: 'eventual' })).toBe('data/eventual-3-8000');
    expect(dataDir({ peers: '127.0.0.1:9000' })).toBe('data/ordered-1-9000');
    expect(dataDir({ peers: '127.0.0.1:9000', data_dir: 'mine' })).toBe('mine');
    expect(defaults.peers).toHaveLength(3);
  });

  it('are the values in the shipped configuration file, which names every key', () => {
    const shipped = readSettingsFile(PROJECT_CONFIG_FILE, false);
    const chosen = resolveConfiguration([shipped]);
    expect(chosen).toEqual(defaults);
    expect(
      [
        ...shipped.keys(),
        'keyspaces',
        'replicas',
        'zones',
        'stores',
        'data_dir',
        'cluster_secret',
        'http_hosts',
      ].sort(),
    ).toEqual([...SETTING_KEYS].sort());
  });

  it('give every controller the store and the log file of its id', () => {
    const settings = settingsOf(defaults, 2, { host: null, port: null }, '/run');
    expect(settings.storeAddress).toEqual({ host: '127.0.0.1', port: 11203 });
    expect(settings.logFile).toBe('/run/controller-2.log');
    expect(settings).not.toHaveProperty('stores');
  });

  it('lose to the flags of one controller', () => {
    const settings = settingsOf(defaults, 1, { host: 'kv', port: 5 }, '/run');
    expect(settings.storeAddress).toEqual({ host: 'kv', port: 5 });
  });
});

describe('wrong values', () => {
  it.each<[Partial<Record<SettingKey, string>>, string]>([
    [{ consistency: 'casual' }, 'did you mean "causal"?'],
    [{ consistency: 'sequentiel' }, 'did you mean "sequential"?'],
    [{ consistency: 'strong' }, 'there is no such level; choose'],
    [{ threshold: '0' }, '--threshold is "0": give a whole number from 1 to 1000'],
    [{ threshold: '2.5' }, 'give a whole number'],
    [{ heartbeat_time: 'soon' }, 'give seconds from 0.01 to 60'],
    [{ heartbeat_time: '-1' }, 'give seconds'],
    [{ item_size_max: '1x' }, 'give bytes from 1k to 128m'],
    [{ item_size_max: '1' }, 'give bytes from 1k to 128m'],
    [{ peers: '127.0.0.1' }, '"127.0.0.1" is no host:port'],
    [{ peers: '127.0.0.1:8000,localhost:8000' }, '127.0.0.1:8000 stands there twice'],
    [{ peers: 'a:1,b:99999' }, '"b:99999" is no host:port'],
    [{ stores: '127.0.0.1:11201' }, 'there are 3 peers'],
    [{ store: 'memcached' }, 'choose memcache, memjs or custom (did you mean "memcache"?)'],
    [{ log_level: 'verbose' }, 'choose error, warn, info or debug'],
    [{ cluster: 'a b' }, 'letters, digits'],
    [{ durability: 'always' }, 'choose none, async or sync'],
    [{ durability: 'sync', data_dir: '-' }, 'there is no disk to wait for'],
  ])('%o', (settings, message) => {
    expect(() => resolveConfiguration([layer(settings)])).toThrow(message);
  });
});

describe('the configuration file', () => {
  it.each([
    ['[common]\ntreshold = 3', 'unknown key "treshold" in [common] (did you mean "threshold"?)'],
    ['[comon]\nthreshold = 3', 'unknown section [comon] (did you mean "common"?)'],
    ['threshold = 3', '"threshold" stands before any section; put it under [common]'],
    ['[common]\npeers[] = a:1\npeers[] = b:1', '"peers" stands there twice'],
  ])('%j', (text, message) => {
    expect(() => parseSettings(text, 'c.ini')).toThrow(message);
  });

  it('can be a file of the original program', () => {
    const text =
      '[common]\npeers = 127.0.0.1:8000,127.0.0.1:8001   ; both\nheartbeat_time = 2\nthreshold = 3\nlog_file = log.log';
    const configuration = resolveConfiguration([parseSettings(text, 'c.ini')]);
    expect(configuration).toMatchObject({ heartbeatMs: 2000, threshold: 3, logFile: 'log.log' });
    expect(configuration.peers.map(({ port }) => port)).toEqual([8000, 8001]);
  });
});

describe('the own id', () => {
  const { peers } = resolveConfiguration([]);

  it('is found by port, by host and port, or by id', () => {
    expect(selfOf(peers, { id: null, host: null, port: 8001 })).toBe(1);
    expect(selfOf(peers, { id: null, host: 'LOCALHOST', port: 8002 })).toBe(2);
    expect(selfOf(peers, { id: 0, host: null, port: null })).toBe(0);
  });

  it('is an error when no peer fits', () => {
    expect(() => selfOf(peers, { id: null, host: '10.0.0.1', port: 8000 })).toThrow(
      '10.0.0.1:8000 is not among the peers',
    );
    expect(() => selfOf(peers, { id: 3, host: null, port: null })).toThrow('ids go from 0 to 2');
    expect(() => selfOf(peers, { id: null, host: null, port: null })).toThrow('which controller is this?');
  });
});

it('logFileOf puts the id into the name of the log file', () => {
  expect(logFileOf('log.log', 1, '/run')).toBe('/run/log-1.log');
  expect(logFileOf('/var/log/memchorus', 1, '/run')).toBe('/var/log/memchorus-1');
  expect(logFileOf('a.b/log', 1, '/run')).toBe('/run/a.b/log-1');
  expect(logFileOf('-', 1, '/run')).toBe('-');
});
