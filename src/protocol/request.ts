/**
 * What a client asks for, free of how it was written on the wire: every protocol decoder yields these, and
 * nothing behind the front door knows which protocol a connection speaks.
 *
 * Keys are latin-1 strings: one character per byte, so that any byte a client may put into a key survives.
 */

/** Where a request came from, in a protocol's own terms: opaque numbers, quietness, what to return. */
export interface Wired {
  /** Set by the decoder that made the request, for the encoder of the same protocol. */
  readonly wire?: object;
}

/**
 * A key that is too long follows these: it is answered with an error alone. By then memcached has looked at those
 * before it, which shows in what they tell of themselves later.
 */
export type CutShort = true;

/** `exptime` as sent: 0 never, negative already expired, up to 30 days relative, above that unix seconds. */
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

/** Reads one entry with all that is known of it, and may change it on the way: meta get, binary get-and-touch. */
export interface ReadItemRequest extends Wired {
  readonly kind: 'read_item';
  readonly key: string;
  /** A new expiry for the entry that is found; null to leave it. */
  readonly touch: number | null;
  /** On a miss an empty entry with this exptime is made, and the right to fill it won; null for a plain miss. */
  readonly vivify: number | null;
  /** The right to fill the entry anew is won when fewer seconds than this are left to it; null for never. */
  readonly recacheBelow: number | null;
  /** The read is not to count as one. */
  readonly countsAsRead: boolean;
}

/** Conditions and changes of the token that the binary and meta protocols add to writes. */
export interface TokenOptions {
  /** Only over an entry with this token; null for no such condition. */
  readonly compare: bigint | null;
  /** The entry's token from then on; null for one of the cluster's making. */
  readonly newToken: bigint | null;
  /** The answer is to tell the entry's new token. */
  readonly wantsToken: boolean;
}

/** What the text protocol's commands ask of the token: nothing. */
export const NO_TOKEN_OPTIONS: TokenOptions = Object.freeze({
  compare: null,
  newToken: null,
  wantsToken: false,
});

/** `cas` is a set that fails with `exists` on another token, and with `not_found` where there is no entry. */
export type StorageVerb = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

export interface StorageRequest extends Wired, TokenOptions {
  readonly kind: 'storage';
  readonly verb: StorageVerb;
  readonly key: string;
  /** Opaque to the server, 32 bits unsigned. */
  readonly flags: number;
  readonly exptime: number;
  /** May be a view of the receive buffer: copy it before keeping it for long. */
  readonly value: Buffer;
  /** `cas` with a token older than the entry's stores all the same, and marks the entry stale (meta `I`). */
  readonly invalidate: boolean;
  /** `append` and `prepend` make the entry where there is none, with this exptime; null for not stored. */
  readonly vivify: number | null;
  readonly noreply: boolean;
}

export interface ArithmeticRequest extends Wired, TokenOptions {
  readonly kind: 'arithmetic';
  readonly verb: 'incr' | 'decr';
  readonly key: string;
  /** 64 bits unsigned. */
  readonly delta: bigint;
  /** Where there is no entry, one is made with this value and exptime; null for not found. */
  readonly initial: { readonly value: bigint; readonly exptime: number } | null;
  /** A new expiry for an entry that is found; null to leave it. */
  readonly touch: number | null;
  readonly noreply: boolean;
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
  /** The entry stays, marked stale, for somebody to win the right to fill it anew (meta `I`). */
  readonly invalidate: boolean;
  /** The entry stays, without its value and flags (meta `x`). */
  readonly dropValue: boolean;
  /** A new expiry for an entry that stays; null to leave it. */
  readonly touch: number | null;
  readonly noreply: boolean;
  /** Part of another request's work, and not counted: memcached removes what a refused `set` was to replace. */
  readonly unasked?: true;
}

export interface FlushAllRequest extends Wired {
  readonly kind: 'flush_all';
  /** As `exptime`: 0 at once, else when the flush takes effect. */
  readonly delay: number;
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
  /** The words after `stats`, empty for the general statistics. */
  readonly words: readonly string[];
}

/** Commands of memcached that concern the local store or this process, and no entry: `cache_memlimit`, `shutdown`. */
export interface AdminRequest extends Wired {
  readonly kind: 'admin';
  /** The whole line, the name of the command first. */
  readonly words: readonly string[];
}

/** memchorus's own: the state of the cluster as this controller sees it, or the requests that are pending here. */
export interface ShowRequest {
  readonly kind: 'show';
  readonly what: 'cluster' | 'requests';
  readonly format: 'table' | 'json';
}

/** memchorus's own: which controller this is. */
export interface WhoRequest {
  readonly kind: 'who';
}

/** Answered at once, in its place: marks the end of a batch (`mn`, binary noop). */
export interface NoopRequest extends Wired {
  readonly kind: 'noop';
}

/** All that is known of an entry, for people (`me`). */
export interface DebugRequest extends Wired {
  readonly kind: 'debug';
  readonly key: string;
}

/** `quit`: what was asked before is answered, then the connection closes. */
export interface QuitRequest extends Wired {
  readonly kind: 'quit';
}

/** Input that is no request. `line` is the answer as it stands on the wire, without its line end. */
export interface InvalidRequest extends Wired {
  readonly kind: 'invalid';
  readonly line: string;
  /** The stream cannot be followed from here: answer, then close. */
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
  | LocalRequest;

/** Requests that concern no entry. */
export type LocalRequest =
  | VersionRequest
  | VerbosityRequest
  | StatsRequest
  | AdminRequest
  | ShowRequest
  | WhoRequest
  | NoopRequest
  | QuitRequest
  | InvalidRequest;
