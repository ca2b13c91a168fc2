import {
  COUNT,
  described,
  INTEGER,
  listOf,
  NUMBER,
  object,
  oneOf,
  orNull,
  TEXT,
  YES_OR_NO,
} from './schema.ts';

const READINESS_FIELDS = {
  ready: YES_OR_NO,
  reason: described('what is missing; empty while ready', TEXT),
};

/** Whether one side of the service is available. */
export const READINESS = object(READINESS_FIELDS);

/** Of a keyspace. */
const UP = described('null where the two exchange nothing, so that it is not known', orNull(YES_OR_NO));
const SCHEME = described('broadcast or chain; null where the level is not ordered', orNull(TEXT));

const KEYSPACE_SIDE = object({ prefix: TEXT, level: TEXT });

/** The levels that the controllers go by. */
export const LEVELS = object({
  epoch: described('how often the keyspaces were changed while the cluster ran', COUNT),
  keyspaces: listOf(
    object({
      name: TEXT,
      prefix: TEXT,
      level: TEXT,
      scheme: SCHEME,
      configured: described('null where it is not in the configuration', orNull(KEYSPACE_SIDE)),
    }),
  ),
  removed: described('names of keyspaces that are configured, and were removed', listOf(TEXT)),
  unaware: described(
    'addresses of controllers that may go by the levels before the last change',
    listOf(TEXT),
  ),
  changing: YES_OR_NO,
  move: orNull(
    object({
      keyspace: TEXT,
      from: described('null: the keyspace is added', orNull(KEYSPACE_SIDE)),
      to: described('null: the keyspace is removed', orNull(KEYSPACE_SIDE)),
      shards: described(
        'how many there were, how many there will be, and which of those are on other controllers; null: they stay',
        orNull(object({ from: COUNT, to: COUNT, moved: listOf(COUNT) })),
      ),
      phase: described('preparing, paused, barrier or settling', TEXT),
      controllers: listOf(object({ address: TEXT, step: TEXT, done: COUNT, total: COUNT, waitsFor: TEXT })),
    }),
  ),
});

/** The controllers, and which of them vote. */
export const MEMBERS = object({
  epoch: described('how often they were changed while the cluster ran', COUNT),
  changing: described('a change is under way: another one would be refused', YES_OR_NO),
  controllers: listOf(
    object({
      id: COUNT,
      address: TEXT,
      votes: described('it counts for majorities, and serves', YES_OR_NO),
      up: UP,
      role: TEXT,
    }),
  ),
});

const KEYSPACE_SERVICE = object({ ...READINESS_FIELDS, requests: COUNT });

const KEYSPACE = object({
  name: TEXT,
  prefix: described('empty for the default keyspace', TEXT),
  level: TEXT,
  scheme: SCHEME,
  keys: COUNT,
  reads: KEYSPACE_SERVICE,
  writes: KEYSPACE_SERVICE,
  errors: described('requests that were answered with a server error', COUNT),
  behind: described(
    'behind the peer that it is furthest behind, in the group of the keyspace',
    object({ writes: COUNT, ms: COUNT }),
  ),
});

/** The members of the ordered groups. */
export const VIEW = object({
  ballot: described('empty while the controller serves in no view', TEXT),
  members: listOf(COUNT),
  scheme: TEXT,
  reason: TEXT,
  ageMs: orNull(COUNT),
  leaseLeftMs: orNull(INTEGER),
  suspected: described('the ids of silent controllers that take part', listOf(COUNT)),
  shard: described('the shard whose view this is; empty where the group has whole keyspaces', TEXT),
});

const STORE = object({
  type: TEXT,
  address: TEXT,
  up: YES_OR_NO,
  reason: TEXT,
  instance: TEXT,
  instances: COUNT,
  emptied: COUNT,
});

const REFILL = object({
  running: YES_OR_NO,
  reason: TEXT,
  done: COUNT,
  total: COUNT,
  fromJournal: COUNT,
  fromPeers: COUNT,
  tookMs: COUNT,
  full: YES_OR_NO,
});

const VALUES = object({
  missing: COUNT,
  unanswered: COUNT,
  fromJournal: COUNT,
  fromPeers: COUNT,
  lost: COUNT,
});

const JOURNAL = object({
  durability: TEXT,
  reason: TEXT,
  entries: COUNT,
  backlogBytes: COUNT,
  diskBytes: COUNT,
  lastFlushMs: orNull(NUMBER),
  recoveredEntries: COUNT,
  recoveredMs: NUMBER,
});

const PEER = object({
  id: COUNT,
  address: TEXT,
  up: UP,
  self: YES_OR_NO,
  lastHeardMs: orNull(COUNT),
  syncing: YES_OR_NO,
  sync: orNull(object({ writes: COUNT, total: COUNT })),
  lastSyncMs: orNull(COUNT),
  behind: orNull(object({ writes: COUNT, ms: orNull(COUNT) })),
  clockAheadMs: orNull(INTEGER),
  inStep: YES_OR_NO,
  role: TEXT,
  storeTrouble: TEXT,
});

const SHARD = object({
  keyspace: TEXT,
  shard: COUNT,
  controllers: listOf(COUNT),
  keys: orNull(COUNT),
  service: READINESS,
});

/** The cluster as one controller sees it. */
export const STATUS = object({
  cluster: TEXT,
  controller: COUNT,
  address: TEXT,
  version: TEXT,
  level: described('the level of the default keyspace', TEXT),
  levels: LEVELS,
  keyspaces: listOf(KEYSPACE),
  shards: listOf(SHARD),
  ready: YES_OR_NO,
  reason: TEXT,
  reads: READINESS,
  writes: READINESS,
  uptimeSeconds: NUMBER,
  view: VIEW,
  otherViews: described('of further groups with ordered keyspaces', listOf(VIEW)),
  time: object({ nowMs: orNull(NUMBER), reason: TEXT }),
  requests: object({ pending: COUNT, completed: COUNT }),
  keys: COUNT,
  store: STORE,
  refill: REFILL,
  values: VALUES,
  journal: JOURNAL,
  peers: listOf(PEER),
});

/** The connection of one client. */
export const CONNECTION = object({
  id: COUNT,
  address: TEXT,
  state: oneOf('conn_read', 'conn_parse_cmd', 'conn_mwrite'),
  idleSeconds: COUNT,
});
