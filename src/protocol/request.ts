/**
 * What a client asks for, free of how it was written on the wire: every protocol decoder yields these, and
 * nothing behind the front door knows which protocol a connection speaks.
 *
 * Keys are latin-1 strings: one character per byte, so that any byte a client may put into a key survives.
 */

/** `exptime` as sent: 0 never, negative already expired, up to 30 days relative, above that unix seconds. */
export interface GetRequest {
  readonly kind: 'get';
  readonly keys: readonly string[];
  readonly withCas: boolean;
}

export interface GetAndTouchRequest {
  readonly kind: 'gat';
  readonly keys: readonly string[];
  readonly withCas: boolean;
  readonly exptime: number;
}

export type StoreVerb = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';

export interface StoreRequest {
  readonly kind: 'store';
  readonly verb: StoreVerb;
  readonly key: string;
  /** Opaque to the server, 32 bits unsigned. */
  readonly flags: number;
  readonly exptime: number;
  /** May be a view of the receive buffer: copy it before keeping it for long. */
  readonly value: Buffer;
  /** The token of `cas`, 64 bits unsigned; 0n for the other verbs. */
  readonly cas: bigint;
  readonly noreply: boolean;
}

export interface ArithmeticRequest {
  readonly kind: 'arithmetic';
  readonly verb: 'incr' | 'decr';
  readonly key: string;
  /** 64 bits unsigned. */
  readonly delta: bigint;
  readonly noreply: boolean;
}

export interface TouchRequest {
  readonly kind: 'touch';
  readonly key: string;
  readonly exptime: number;
  readonly noreply: boolean;
}

export interface DeleteRequest {
  readonly kind: 'delete';
  readonly key: string;
  readonly noreply: boolean;
}

export interface FlushAllRequest {
  readonly kind: 'flush_all';
  /** As `exptime`: 0 at once, else when the flush takes effect. */
  readonly delay: number;
  readonly noreply: boolean;
}

export interface VersionRequest {
  readonly kind: 'version';
}

export interface VerbosityRequest {
  readonly kind: 'verbosity';
  readonly noreply: boolean;
}

export interface StatsRequest {
  readonly kind: 'stats';
  /** The words after `stats`, empty for the general statistics. */
  readonly words: readonly string[];
}

/** memchorus's own: the state of the cluster as this controller sees it. */
export interface ShowRequest {
  readonly kind: 'show';
  readonly format: 'table' | 'json';
}

/** memchorus's own: which controller this is. */
export interface WhoRequest {
  readonly kind: 'who';
}

/** `quit`: what was asked before is answered, then the connection closes. */
export interface QuitRequest {
  readonly kind: 'quit';
}

/** Input that is no request. `line` is the answer as it stands on the wire, without its line end. */
export interface InvalidRequest {
  readonly kind: 'invalid';
  readonly line: string;
  /** The stream cannot be followed from here: answer, then close. */
  readonly fatal: boolean;
  readonly noreply: boolean;
}

export type Request =
  | GetRequest
  | GetAndTouchRequest
  | StoreRequest
  | ArithmeticRequest
  | TouchRequest
  | DeleteRequest
  | FlushAllRequest
  | VersionRequest
  | VerbosityRequest
  | StatsRequest
  | ShowRequest
  | WhoRequest
  | QuitRequest
  | InvalidRequest;

/** Requests that change the store. */
export type WriteRequest = StoreRequest | ArithmeticRequest | TouchRequest | DeleteRequest | FlushAllRequest;
