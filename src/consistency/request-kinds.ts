import {
  countArithmetic,
  countDebug,
  countDelete,
  countFlush,
  countGetAndTouches,
  countGets,
  countInvalid,
  countItem,
  countStorage,
  countTouch,
  type OperationCounts,
} from '../protocol/operation-counts.ts';
import type { Reply } from '../protocol/reply.ts';
import type { KeyspaceRequest, LocalRequest, MemberRequest, Request } from '../protocol/request.ts';
import type { Access } from './access.ts';
import type { LocalOperation } from './client-stream.ts';
import type { ConditionalWrites } from './conditional-writes.ts';
import type { LevelRequests } from './level-requests.ts';
import type { Operation } from './operation.ts';
import type { PlainWrites } from './plain-writes.ts';
import type { RequestRouter, ServedKeyspace } from './policies.ts';
import type { Reads } from './reads.ts';
import type { SessionRequests } from './session-requests.ts';
import { TIMED_COMMANDS, type TimedCommand } from './timed-commands.ts';

/** The parts of the coordinator that carry requests out. */
export interface Executors {
  readonly reads: Reads;
  readonly plainWrites: PlainWrites;
  readonly conditionalWrites: ConditionalWrites;
  readonly sessions: SessionRequests;
  readonly levels: LevelRequests;
  /** Carries out requests that touch no entry. */
  readonly local: AnswerLocally;
}

/** Answers a request that touches no entry: by `answer`, and before that perhaps with parts in a stream. */
export type AnswerLocally = (
  request: LocalRequest,
  answer: (reply: Reply) => void,
  operation: LocalOperation,
) => void;

/** Counts operations by the prefixes of their keys, for `stats detail`. */
export interface KeyPrefixCounter {
  gets(keys: readonly string[], reply: Reply): void;
  set(key: string): void;
  delete(key: string): void;
}

/** Everything that the controller has to know of one kind of request. */
export interface RequestKind<R extends Request> {
  access(request: R): Access;
  /** The keyspaces that the request concerns. */
  keyspaces(request: R, router: RequestRouter): readonly ServedKeyspace[];
  /** The request sets the time of the entry's last read. */
  countsAsRead(request: R): boolean;
  /** The request starts only when every earlier request of its pipeline has been answered. */
  readonly isStartedLast: boolean;
  /** The place of its name among `TIMED_COMMANDS`. */
  command(request: R): number;
  /** How many values the request reads. */
  valuesRead(request: R): number;
  /**
   * Bytes that the request itself holds until it is answered: the value that it writes, or the many keys that it reads.
   */
  ownBytes(request: R): number;
  carryOut(by: Executors, operation: Operation, request: R): void;
  /** Counts the request as memcached does. Not called if the reply is a server error. */
  count(request: R, reply: Reply, counts: OperationCounts): void;
  countPrefixes(request: R, reply: Reply, counts: KeyPrefixCounter): void;
}

const PLACES = Object.fromEntries(TIMED_COMMANDS.map((name, place) => [name, place])) as Readonly<
  Record<TimedCommand, number>
>;
const GET = PLACES.get;
const GAT = PLACES.gat;
const OTHER = PLACES.other;

/** Memory that a key of a request takes until the request is answered, besides its characters, in bytes. */
const KEY_BYTES = 48;

/** The row of a request that touches no entry. @param isStartedLast as in the row */
function touchingNone<R extends Request>(
  carryOut: RequestKind<R>['carryOut'],
  isStartedLast = false,
): RequestKind<R> {
  return {
    access: () => 'none',
    keyspaces: () => [],
    countsAsRead: no,
    isStartedLast,
    command: () => OTHER,
    valuesRead: none,
    ownBytes: none,
    carryOut,
    count: () => {},
    countPrefixes: () => {},
  };
}

const LOCAL = touchingNone<LocalRequest>(({ local }, operation, request) =>
  local(request, (reply) => operation.finish(reply), operation),
);

/** A list, or a change that the controllers agree on. The answer says what holds after the requests before it. */
const AGREED = touchingNone<KeyspaceRequest | MemberRequest>(({ local }, operation, request) => {
  operation.proposed = request.change !== null;
  local(request, (reply) => operation.finish(reply), operation);
}, true);

/**
 * Every kind of request, with everything that depends on the kind. A new kind begins here. All rows have their fields
 * in the same order, so that they share one hidden class.
 */
export const REQUEST_KINDS: {
  readonly [K in Request['kind']]: RequestKind<Extract<Request, { readonly kind: K }>>;
} = {
  get: {
    access: () => 'read',
    keyspaces: ({ keys }, router) => keyspacesOfEach(keys, router),
    countsAsRead: yes,
    isStartedLast: false,
    command: () => GET,
    valuesRead: ({ keys }) => keys.length,
    ownBytes: ({ keys }) => bytesOfKeys(keys),
    carryOut: ({ reads }, operation, request) => reads.get(operation, request),
    count: countGets,
    countPrefixes: ({ keys }, reply, counts) => counts.gets(keys, reply),
  },
  gat: {
    access: () => 'conditional write',
    keyspaces: ({ keys }, router) => keyspacesOfEach(keys, router),
    countsAsRead: yes,
    isStartedLast: false,
    command: () => GAT,
    valuesRead: ({ keys }) => keys.length,
    ownBytes: ({ keys }) => bytesOfKeys(keys),
    carryOut: ({ reads }, operation, request) => reads.getAndTouch(operation, request),
    count: countGetAndTouches,
    countPrefixes: ({ keys }, reply, counts) => counts.gets(keys, reply),
  },
  read_item: {
    // A plain read that finds a stale entry may still win the right to recache it, by a conditional write.
    access: ({ touch, vivify, recacheBelow }) =>
      touch === null && vivify === null && recacheBelow === null ? 'read' : 'conditional write',
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: ({ countsAsRead }) => countsAsRead,
    isStartedLast: false,
    command: ({ touch }) => (touch === null ? GET : GAT),
    valuesRead: () => 1,
    ownBytes: none,
    carryOut: ({ reads }, operation, request) => reads.readItem(operation, request),
    count: countItem,
    countPrefixes: () => {},
  },
  storage: {
    access: ({ verb }) => (verb === 'set' ? 'plain write' : 'conditional write'),
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: no,
    isStartedLast: false,
    command: ({ verb, compare }) => (compare === null ? PLACES[verb] : PLACES.cas),
    valuesRead: none,
    ownBytes: ({ value }) => value.length,
    carryOut: ({ plainWrites, conditionalWrites }, operation, request) => {
      if (operation.access === 'plain write') plainWrites.set(operation, request);
      else conditionalWrites.answer(operation, request);
    },
    count: countStorage,
    countPrefixes: ({ key }, _, counts) => counts.set(key),
  },
  arithmetic: {
    access: () => 'conditional write',
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: no,
    isStartedLast: false,
    command: ({ verb }) => PLACES[verb],
    valuesRead: none,
    ownBytes: none,
    carryOut: ({ conditionalWrites }, operation, request) => conditionalWrites.answer(operation, request),
    count: countArithmetic,
    countPrefixes: () => {},
  },
  touch: {
    access: () => 'conditional write',
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: yes,
    isStartedLast: false,
    command: () => PLACES.touch,
    valuesRead: none,
    ownBytes: none,
    carryOut: ({ conditionalWrites }, operation, request) => conditionalWrites.answer(operation, request),
    count: countTouch,
    countPrefixes: () => {},
  },
  delete: {
    access: ({ compare, invalidate, dropValue }) =>
      compare === null && !invalidate && !dropValue ? 'plain write' : 'conditional write',
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: no,
    isStartedLast: false,
    command: () => PLACES.delete,
    valuesRead: none,
    ownBytes: none,
    carryOut: ({ plainWrites, conditionalWrites }, operation, request) => {
      if (operation.access === 'plain write') plainWrites.delete(operation, request);
      else conditionalWrites.answer(operation, request);
    },
    count: countDelete,
    countPrefixes: ({ key, unasked }, _, counts) => {
      if (!unasked) counts.delete(key);
    },
  },
  flush_all: {
    access: () => 'plain write',
    keyspaces: (_, router) => router.all,
    countsAsRead: no,
    isStartedLast: false,
    command: () => PLACES.flush_all,
    valuesRead: none,
    ownBytes: none,
    carryOut: ({ plainWrites }, operation, request) => plainWrites.flushAll(operation, request),
    count: countFlush,
    countPrefixes: () => {},
  },
  debug: {
    access: () => 'read',
    keyspaces: ({ key }, router) => router.listOf(key),
    countsAsRead: no,
    isStartedLast: false,
    command: () => GET,
    valuesRead: none,
    ownBytes: none,
    carryOut: ({ reads }, operation, request) => reads.debug(operation, request),
    count: countDebug,
    countPrefixes: () => {},
  },
  // Like `stats`, these two start when the requests before them have been answered: those count for a session, and
  // still have the level that was asked for before.
  session: touchingNone(({ sessions }, operation, request) => sessions.answer(operation, request), true),
  level: touchingNone(({ levels }, operation, request) => levels.answer(operation, request), true),
  version: LOCAL,
  verbosity: LOCAL,
  // `stats` in a pipeline counts the requests before it, and a request is counted when it has been answered.
  stats: { ...LOCAL, isStartedLast: true },
  admin: LOCAL,
  show: LOCAL,
  keyspace: AGREED,
  member: AGREED,
  slowlog: LOCAL,
  who: LOCAL,
  noop: LOCAL,
  quit: LOCAL,
  invalid: { ...LOCAL, count: countInvalid },
};

export function kindOf(request: Request): RequestKind<Request> {
  return REQUEST_KINDS[request.kind];
}

function keyspacesOfEach(keys: readonly string[], router: RequestRouter): readonly ServedKeyspace[] {
  return keys.length === 1 ? router.listOf(keys[0]!) : router.listOfEach(keys);
}

function bytesOfKeys(keys: readonly string[]): number {
  return keys.length === 1 ? 0 : keys.reduce((bytes, key) => bytes + KEY_BYTES + key.length, 0);
}

function none(): number {
  return 0;
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}
