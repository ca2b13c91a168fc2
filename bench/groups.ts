import type { Load } from './loader/loader.ts';
import type { GroupName, Options } from './options.ts';
import { ETCD } from './subjects/etcd.ts';
import { MEMCACHED } from './subjects/memcached.ts';
import { memchorus } from './subjects/memchorus.ts';
import { NUTCRACKER } from './subjects/nutcracker.ts';
import { REDIS } from './subjects/redis.ts';
import type { SubjectKind } from './subjects/subject.ts';

/** A load, and the subjects that it is measured on. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly load: Load;
  /** Selects subjects of the group; by default, all whose dialect can carry the load. */
  readonly takes?: (kind: SubjectKind) => boolean;
}

export interface Entrant {
  readonly kind: SubjectKind;
  /** The number of keys that are filled in before, and drawn from. */
  readonly keys: number;
}

/** Subjects that run at the same time, so that each round of a scenario visits all of them in turn. */
export interface Group {
  readonly name: string;
  /** The name for `--only`. */
  readonly part: GroupName;
  readonly title: string;
  /** Bytes of each value. */
  readonly value: number;
  readonly entrants: readonly Entrant[];
  readonly scenarios: readonly Scenario[];
  /** Only `incr`: nothing is filled in, and the sums are compared at the end of each measurement. */
  readonly counts?: boolean;
}

const SMALL_KEYS = 10_000;
const ZIPF = 0.99;
const STRONG = 'linearizability';

/** Added to the names of subjects without a journal on disk. */
export const WITHOUT_JOURNAL = ' no journal';
const CHAIN_WITHOUT_JOURNAL = ' chain, no journal';

export const GET: Scenario = { name: 'get', title: 'get, 50 connections', load: { gets: 100 } };
export const SET: Scenario = { name: 'set', title: 'set, 50 connections', load: { gets: 0 } };
export const MIXED: Scenario = {
  name: 'mixed',
  title: '90 % get, 10 % set, 50 connections',
  load: { gets: 90 },
};

const writes = ({ name }: SubjectKind): boolean => name !== MEMCACHED.name && name !== NUTCRACKER.name;

export function groupsFor(options: Options): Group[] {
  const all = [small(options), http(), hot(), durability(), ofKeys(options), ofControllers(options)];
  const large = [
    largeValues('large-100k', '100 kB', 100_000, 200),
    largeValues('large-1m', '1 MB', 1_000_000, 20),
  ];
  return [...all, ...large, counters(), ...ofSchemes(options), hop(), ofShards(1), ofShards(3)].filter(
    ({ part }) => options.only.includes(part),
  );
}

function small({ levels, rate }: Options): Group {
  const kinds = [MEMCACHED, NUTCRACKER, REDIS, ...levels.map((level) => memchorus({ level }))];
  return {
    name: 'small',
    part: 'small',
    title: '100-byte values, 10,000 keys, one request in flight unless said',
    value: 100,
    entrants: kinds.map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [
      GET,
      SET,
      MIXED,
      { name: 'set-16', title: 'set, 50 connections with 16 in flight', load: { depth: 16 }, takes: writes },
      { name: 'set-1', title: 'set, 1 connection', load: { connections: 1 }, takes: writes },
      {
        name: 'get-zipf',
        title: `get, keys by Zipf's law (${ZIPF})`,
        load: { gets: 100, zipf: ZIPF },
        takes: ({ name }) => name !== REDIS.name,
      },
      {
        name: 'fixed-rate',
        title: `90 % get, 10 % set at ${rate} requests per second, latency from when each was due`,
        load: { gets: 90, rate, depth: 64 },
      },
    ],
  };
}

/** Compares HTTP with memcached's text protocol, on two clusters that are alike. */
function http(): Group {
  const kinds = [
    memchorus({ level: STRONG, suffix: ' text' }),
    memchorus({ level: STRONG, suffix: ' http', dialect: 'http' }),
  ];
  return {
    name: 'http',
    part: 'http',
    title: "HTTP beside memcached's text protocol: 100-byte values, one request in flight",
    value: 100,
    entrants: kinds.map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [GET, SET, { name: 'get-1', title: 'get, 1 connection', load: { gets: 100, connections: 1 } }],
  };
}

/** Compares reads with and without memory for hot entries in the controllers. */
function hot(): Group {
  const kinds = [
    NUTCRACKER,
    memchorus({ level: STRONG, suffix: ' plain' }),
    memchorus({ level: STRONG, settings: { hot_bytes: '64m' }, suffix: ' all hot' }),
    memchorus({ level: STRONG, settings: { hot_bytes: '500k' }, suffix: ' a tenth hot' }),
  ];
  return {
    name: 'hot',
    part: 'hot',
    title: 'hot entries in the controllers: room for all of 10,000 keys, for a tenth of them, for none',
    value: 100,
    entrants: kinds.map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [
      GET,
      { name: 'get-zipf', title: `get, keys by Zipf's law (${ZIPF})`, load: { gets: 100, zipf: ZIPF } },
      MIXED,
    ],
  };
}

/** Measures the cost of durability: of writes that are on disk a moment after their answer, or before it. */
function durability(): Group {
  const [none, async, sync] = ['none', 'async', 'sync'].map((word) =>
    memchorus({ level: STRONG, settings: { durability: word }, suffix: ` ${word}` }),
  ) as [SubjectKind, SubjectKind, SubjectKind];
  return {
    name: 'durability',
    part: 'durability',
    title: 'writes, and when they are on disk: never, in a moment, when they are answered',
    value: 100,
    entrants: [ETCD, none, async, sync].map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [SET, { name: 'set-1', title: 'set, 1 connection', load: { connections: 1 } }],
  };
}

function ofKeys({ keyCounts }: Options): Group {
  return {
    name: 'keys',
    part: 'keys',
    title: 'the cost of an operation as keys grow more',
    value: 100,
    entrants: keyCounts.map((keys) => ({
      kind: memchorus({ level: STRONG, suffix: ` ${keys} keys` }),
      keys,
    })),
    scenarios: [GET, SET],
  };
}

function ofControllers({ controllerCounts }: Options): Group {
  return {
    name: 'controllers',
    part: 'controllers',
    title: 'clusters of several sizes, all on this machine',
    value: 100,
    entrants: controllerCounts.map((controllers) => ({
      kind: memchorus({ level: STRONG, controllers, suffix: ` x${controllers}` }),
      keys: SMALL_KEYS,
    })),
    scenarios: [GET, SET],
  };
}

function largeValues(name: string, size: string, value: number, keys: number): Group {
  return {
    name,
    part: 'large',
    title: `values of ${size}, ${keys} keys`,
    value,
    entrants: [
      MEMCACHED,
      NUTCRACKER,
      memchorus({ level: STRONG }),
      memchorus({ level: STRONG, settings: { durability: 'none' }, suffix: WITHOUT_JOURNAL }),
      memchorus({
        level: STRONG,
        settings: { durability: 'none', scheme: 'chain' },
        suffix: CHAIN_WITHOUT_JOURNAL,
      }),
    ].map((kind) => ({ kind, keys })),
    scenarios: [
      { name: 'get', title: `get, ${size}, 10 connections`, load: { gets: 100, connections: 10 } },
      { name: 'set', title: `set, ${size}, 10 connections`, load: { gets: 0, connections: 10 } },
    ],
  };
}

function counters(): Group {
  return {
    name: 'counters',
    part: 'counters',
    title: 'incr on all controllers at once; every count is looked for afterwards',
    value: 1,
    counts: true,
    entrants: [MEMCACHED, NUTCRACKER, memchorus({ level: STRONG })].map((kind) => ({ kind, keys: 100 })),
    scenarios: [{ name: 'incr', title: 'incr, 50 connections, 100 counters', load: { incr: 1 } }],
  };
}

/** Compares the two ordered schemes, for several sizes of values and clusters. */
function ofSchemes({ controllerCounts }: Options): Group[] {
  return controllerCounts.flatMap((controllers) => {
    const kinds = ['broadcast', 'chain'].map((scheme) =>
      memchorus({ level: STRONG, controllers, settings: { scheme }, suffix: ` ${scheme}` }),
    );
    const sized = SIZES.map(({ title, value, keys }): Group => {
      const connections = value > SMALL_VALUE_MAX ? 10 : 50;
      const load = (gets: number) => ({ gets, connections });
      return {
        name: `schemes-${controllers}-${title.replace(' ', '')}`,
        part: 'schemes',
        title: `the ordered schemes on ${controllers} controllers, values of ${title}`,
        value,
        entrants: kinds.map((kind) => ({ kind, keys })),
        scenarios: [
          { name: 'get', title: `get, ${title}, ${connections} connections`, load: load(100) },
          { name: 'set', title: `set, ${title}, ${connections} connections`, load: load(0) },
          { name: 'mixed', title: `90 % get, ${title}, ${connections} connections`, load: load(90) },
        ],
      };
    });
    const contended: Group = {
      name: `schemes-${controllers}-incr`,
      part: 'schemes',
      title: `the ordered schemes on ${controllers} controllers, one counter for all clients`,
      value: 1,
      counts: true,
      entrants: kinds.map((kind) => ({ kind, keys: 1 })),
      scenarios: [{ name: 'incr', title: 'incr of one counter, 50 connections', load: { incr: 1 } }],
    };
    return [...sized, contended];
  });
}

/** Compares a cluster in which two of three requests take the hop with one in which none does. */
function hop(): Group {
  return {
    name: 'shards-hop',
    part: 'shards',
    title: 'the price of the hop: 3 controllers, each with all keys, or each with a third of them',
    value: 100,
    entrants: [spread(1, 3), spread(3, 1)].map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [
      GET,
      SET,
      { name: 'get-1', title: 'get, 1 connection', load: { gets: 100, connections: 1 } },
      { name: 'set-1', title: 'set, 1 connection', load: { connections: 1 } },
    ],
  };
}

/** Compares numbers of shards. There are as many controllers as it takes for each to have one shard. */
function ofShards(replicas: number): Group {
  const kinds = [1, 2, 4].map((shards) => spread(shards, replicas));
  return {
    name: `shards-of-${replicas}`,
    part: 'shards',
    title: `1, 2 and 4 shards, replicas of each: ${replicas}, a controller for each replica`,
    value: 100,
    entrants: kinds.map((kind) => ({ kind, keys: SMALL_KEYS })),
    scenarios: [GET, SET, MIXED],
  };
}

function spread(shards: number, replicas: number): SubjectKind {
  const settings = { shards: `${shards}`, replicas: `${replicas}` };
  return memchorus({
    level: 'eventual',
    controllers: shards * replicas,
    settings: shards === 1 ? {} : settings,
    suffix: ` ${shards}x${replicas}`,
  });
}

const SMALL_VALUE_MAX = 10_000;

const SIZES = [
  { title: '100 B', value: 100, keys: SMALL_KEYS },
  { title: '10 kB', value: 10_000, keys: 1_000 },
  { title: '100 kB', value: 100_000, keys: 200 },
  { title: '1 MB', value: 1_000_000, keys: 20 },
] as const;
