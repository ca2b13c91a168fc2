import type { GroupNumber } from '../base/number-kinds.ts';

/**
 * What a client asks for, independent of the protocol on the wire. Every decoder makes these requests, and nothing
 * behind the front door knows which protocol a connection speaks.
 *
 * Keys are latin-1 strings, one character per byte, so that a key keeps every byte that the client sent.
 */

/** What a request has to do with the session of its client, beside its connection. */
export interface RequestSession {
  /** The token of a session that the request belongs to; null for that of the connection. */
  readonly token: string | null;
  /** The answer is to tell the token of the session. */
  readonly wantsToken: boolean;
  /** The token for the answer; empty until it is answered, and at levels without sessions. */
  given: string;
}

/** How a request came, in terms of its protocol: opaque numbers, quietness, the fields to return. */
export interface Wired {
  /** Set by the decoder that made the request, for the encoder of the same protocol. */
  readonly wire?: object;
  /** The session that the request brings or asks for; absent where it does neither. */
  readonly session?: RequestSession;
}

/**
 * Another key, which is too long, follows these on the line. The request is answered with an error alone. Its keys
 * are read all the same, because memcached has read them by then, which shows in the times of their last reads.
 */
export type CutShort = true;

/** `exptime` as sent: 0 for never, negative for already expired, up to 30 days from now, above that unix time. */
export interface GetRequest extends Wired {
  readonly kind: 'get';
  readonly keys: readonly string[];
  readonly withCas: boolean;
  readonly cutShort?: CutShort;
}

export interface GetAndTouchRequest extends Wired {
  readonly kind: 'gat';
  readonly keys: readonly string[];
  readonly withCas: boolean;
  readonly exptime: number;
  readonly cutShort?: CutShort;
}

/** Reads one entry with everything that is known of it, and may change it: `mg`. */
export interface ReadItemRequest extends Wired {
  readonly kind: 'read_item';
  readonly key: string;
  /** A new expiry for the entry that is found; null to leave its expiry. */
  readonly touch: number | null;
  /**
   * On a miss an empty entry with this exptime is made, and the client wins the right to recache it; null for a miss.
   */
  readonly vivify: number | null;
  /** The right to recache the entry is won if it expires in fewer seconds than this; null for never. */
  readonly recacheBelow: number | null;
  /** The read sets the time of the entry's last read. */
  readonly countsAsRead: boolean;
  /** The request only looks: a stale entry stays to be recached by another client. */
  readonly onlyLooks?: true;
  /** Absent if the request asks for no level. Hardly a request asks for one: the others keep their shape. */
  readonly levelFlag?: LevelFlag;
  /** Absent if the request asks for no bound on staleness. */
  readonly ageFlag?: AgeFlag;
}

/** The bound on staleness that one read asks for, and what is proven of its answer. */
export interface AgeFlag {
  /** In milliseconds. */
  readonly maxMs: number;
  /** So old at most is what the read shows, in milliseconds; 0 for as of now, and until the read is answered. */
  servedMs: number;
}

/** The level that one read asks for, and the level that it gets. */
export interface LevelFlag {
  /** The letter that stands for the level, as sent. */
  readonly asked: string;
  /** The letter of the level that has served the read; empty until the read is answered. */
  served: string;
}

/** Conditions on the token, and changes of it, that the binary and meta protocols add to writes. */
export interface TokenOptions {
  /** The write happens only if the entry has this token; null for no such condition. */
  readonly compare: bigint | null;
  /** The entry's new token; null for a token of the cluster's making. */
  readonly newToken: bigint | null;
  /** The answer has to contain the entry's new token. */
  readonly wantsToken: boolean;
}

/** The options of the text protocol's commands: none. */
export const NO_TOKEN_OPTIONS: TokenOptions = Object.freeze({
  compare: null,
  newToken: null,
  wantsToken: false,
});

/** `cas` is a `set` that is answered with `exists` on another token, and with `not_found` if there is no entry. */
export type StorageVerb = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

export interface StorageRequest extends Wired, TokenOptions {
  readonly kind: 'storage';
  readonly verb: StorageVerb;
  readonly key: string;
  /** Without meaning to the server, 32 bits unsigned. */
  readonly flags: number;
  readonly exptime: number;
  /** May be a view of the receive buffer: copy the value before keeping it for long. */
  readonly value: Buffer;
  /** A `cas` with an older token than the entry's stores all the same, and marks the entry stale (meta `I`). */
  readonly invalidate: boolean;
  /** `append` and `prepend` make a missing entry, with this exptime; null for not stored. */
  readonly vivify: number | null;
  readonly noreply: boolean;
}

export interface ArithmeticRequest extends Wired, TokenOptions {
  readonly kind: 'arithmetic';
  readonly verb: 'incr' | 'decr';
  readonly key: string;
  /** 64 bits unsigned. */
  readonly delta: bigint;
  /** A missing entry is made with this value and exptime; null for not found. */
  readonly initial: { readonly value: bigint; readonly exptime: number } | null;
  /** A new expiry for an entry that is found; null to leave its expiry. */
  readonly touch: number | null;
  readonly noreply: boolean;
}

/** The part of `gat` and `gats` that concerns one key. */
export interface GetAndTouchOne {
  readonly kind: 'gat-one';
  readonly key: string;
  readonly exptime: number;
}

export interface TouchRequest extends Wired {
  readonly kind: 'touch';
  readonly key: string;
  readonly exptime: number;
  readonly noreply: boolean;
}

export interface DeleteRequest extends Wired, TokenOptions {
  readonly kind: 'delete';
  readonly key: string;
  /** The entry stays, marked stale, so that some client wins the right to recache it (meta `I`). */
  readonly invalidate: boolean;
  /** The entry stays, without its value and flags (meta `x`). */
  readonly dropValue: boolean;
  /** A new expiry for an entry that stays; null to leave its expiry. */
  readonly touch: number | null;
  readonly noreply: boolean;
  /**
   * A part of another request, which is not counted: memcached removes the entry that a refused `set` was to replace.
   */
  readonly unasked?: true;
}

export interface FlushAllRequest extends Wired {
  readonly kind: 'flush_all';
  /** As `exptime`: 0 for at once, else when the flush takes effect. */
  readonly delay: number;
  /** The only group that is flushed; absent for all. */
  readonly only?: GroupNumber;
  readonly noreply: boolean;
}

export interface VersionRequest extends Wired {
  readonly kind: 'version';
}

export interface VerbosityRequest extends Wired {
  readonly kind: 'verbosity';
  readonly noreply: boolean;
}

export interface StatsRequest extends Wired {
  readonly kind: 'stats';
  /** The words after `stats`; none for the general statistics. */
  readonly words: readonly string[];
}

/** Commands of memcached that concern the local store or this process, and no entry: `cache_memlimit`, `shutdown`. */
export interface AdminRequest extends Wired {
  readonly kind: 'admin';
  /** The whole line, the name of the command first. */
  readonly words: readonly string[];
}

/** memchorus's own command: the state of the cluster as this controller sees it, or the requests pending here. */
export interface ShowRequest extends Wired {
  readonly kind: 'show';
  readonly what: 'cluster' | 'requests';
  readonly format: 'table' | 'json';
}

/** A change of a keyspace. The words are as the client sent them. */
export type WantedKeyspace =
  | { readonly what: 'add'; readonly keyspace: string; readonly prefix: string; readonly level: string }
  | { readonly what: 'remove'; readonly keyspace: string }
  | { readonly what: 'prefix'; readonly keyspace: string; readonly prefix: string }
  | { readonly what: 'level'; readonly keyspace: string; readonly level: string }
  | {
      readonly what: 'shards';
      readonly keyspace: string;
      readonly shards: number;
      /** How many controllers each shard gets; left out where nothing is said of that. */
      readonly replicas?: number;
    }
  | {
      readonly what: 'move';
      readonly keyspace: string;
      readonly shard: number;
      /** The ids of the controllers that are to have it. */
      readonly controllers: readonly number[];
    }
  | {
      readonly what: 'rebalance';
      readonly keyspace: string;
      /** The id of a controller that is to have no shard of it any more; null for none. */
      readonly without: number | null;
    }
  | WantedOfMove;

/** Of the change of a keyspace that is under way: it is ended, copies nothing for a while, or goes on. */
export interface WantedOfMove {
  readonly what: 'cancel' | 'pause' | 'resume';
  readonly keyspace: string;
}

/** memchorus's own command: the keyspaces with their levels, or a change of one of them. */
export interface KeyspaceRequest extends Wired {
  readonly kind: 'keyspace';
  /** Null to list them. */
  readonly change: WantedKeyspace | null;
  readonly format: 'table' | 'json';
}

/** Which controllers are to vote, and which no more: by id or as `HOST:PORT`, as the client sent them. */
export interface WantedMembers {
  /** Null: none. */
  readonly come: string | null;
  /** Where the one that comes stands, if the cluster does not know it yet. */
  readonly zone?: string;
  readonly go: string | null;
  /** With the one that comes, all others that join vote as well if they can. Text and HTTP have no word for it. */
  readonly allThatJoin?: true;
  /** In place of all that. */
  readonly forced?: WantedRemoval;
}

/** Controllers that are gone for good, and with them the majority: they are to be dropped without one. */
export interface WantedRemoval {
  /** By id or as `HOST:PORT`. */
  readonly lost: readonly string[];
  /** False: what may be lost is told, and nothing is done. */
  readonly isConfirmed: boolean;
}

/** memchorus's own command: the controllers and which of them vote, or a change of that. */
export interface MemberRequest extends Wired {
  readonly kind: 'member';
  /** Null to list them. */
  readonly change: WantedMembers | null;
  readonly format: 'table' | 'json';
}

/** memchorus's own command: the slowest requests of the last minutes, or to forget them. */
export interface SlowlogRequest extends Wired {
  readonly kind: 'slowlog';
  readonly what: 'list' | 'reset';
  /** How many requests are listed at most; null for all. */
  readonly count: number | null;
  readonly format: 'table' | 'json';
}

/** memchorus's own command: which controller this is. */
export interface WhoRequest extends Wired {
  readonly kind: 'who';
}

/** memchorus's own command: the level that the reads of the connection ask for. */
export interface LevelRequest extends Wired {
  readonly kind: 'level';
  /** The words after `level`; none to be told. */
  readonly words: readonly string[];
}

/** Is answered at once, in its place: marks the end of a batch (`mn`, binary noop). */
export interface NoopRequest extends Wired {
  readonly kind: 'noop';
}

/** Reads everything that is known of an entry, human-readable (`me`). */
export interface DebugRequest extends Wired {
  readonly kind: 'debug';
  readonly key: string;
}

/** memchorus's own: the token of the session of this connection, or the session of a token taken over. */
export interface SessionRequest extends Wired {
  readonly kind: 'session';
  /** Null to be told the token. */
  readonly token: string | null;
}

/** `quit`: earlier requests are answered, then the connection closes. */
export interface QuitRequest extends Wired {
  readonly kind: 'quit';
}

/** Input that is no request. `line` is the answer as it is sent, without its line end. */
export interface InvalidRequest extends Wired {
  readonly kind: 'invalid';
  readonly line: string;
  /** The rest of the stream cannot be understood: the connection is closed after the answer. */
  readonly fatal: boolean;
  readonly noreply: boolean;
}

export type Request =
  | GetRequest
  | GetAndTouchRequest
  | ReadItemRequest
  | StorageRequest
  | ArithmeticRequest
  | TouchRequest
  | DeleteRequest
  | FlushAllRequest
  | DebugRequest
  | SessionRequest
  | LevelRequest
  | LocalRequest;

/** Requests, and parts of requests, whose effect depends on what their key holds. */
export type ConditionalRequest =
  | StorageRequest
  | ArithmeticRequest
  | TouchRequest
  | DeleteRequest
  | ReadItemRequest
  | GetAndTouchOne;

/** Requests that touch no entry. */
export type LocalRequest =
  | VersionRequest
  | VerbosityRequest
  | StatsRequest
  | AdminRequest
  | ShowRequest
  | KeyspaceRequest
  | MemberRequest
  | SlowlogRequest
  | WhoRequest
  | NoopRequest
  | QuitRequest
  | InvalidRequest;
