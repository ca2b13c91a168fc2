import type { ErrorCode, RequestFailure } from '../base/error-codes.ts';
import type { WallMs } from '../base/number-kinds.ts';

/**
 * What a controller answers, independent of the protocol on the wire: each protocol's encoder turns these into its
 * own bytes.
 */

/** One entry found by `get`, `gets`, `gat` or `gats`. */
export interface Hit {
  readonly key: string;
  readonly flags: number;
  readonly value: Buffer;
  /** The cluster-wide CAS token, 64 bits unsigned; 0n if the request did not ask for it. */
  readonly cas: bigint;
}

/** An entry with everything that is known of it. */
export interface Item {
  readonly key: string;
  readonly flags: number;
  readonly value: Buffer;
  /** The cluster-wide CAS token, 64 bits unsigned. */
  readonly cas: bigint;
  /** Seconds until it expires; -1 for never. */
  readonly ttl: number;
  /** Seconds until it expired before this request gave it a new expiry; null if this request has made the entry. */
  readonly ttlBefore: number | null;
  /** When `ttl` and `ttlBefore` were taken, in milliseconds since 1970. */
  readonly atMs: WallMs;
  /** The entry had been read on this controller before. */
  readonly hitBefore: boolean;
  /** Seconds since the entry was last read or written, as far as this controller knows. */
  readonly idleSeconds: number;
  /** The entry is marked as out of date. */
  readonly stale: boolean;
  /** An earlier request has won the right to recache the entry. */
  readonly taken: boolean;
  /** This request has won the right to recache the entry. No other client in the cluster wins it. */
  readonly won: boolean;
}

/** Outcomes of requests that return no value. */
export type Outcome = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'deleted' | 'touched' | 'ok';

export type Reply =
  /**
   * `cas`: the entry's new token, if the request asked for it. `valueBytes`: the new size, if it is not the request's.
   */
  | {
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      readonly cas?: bigint;
      readonly valueBytes?: number;
    }
  /**
   * `isPart`: more of the same reply follows. `hitsBefore`: so many hits of the reply have been sent before, in
   * parts. An error may follow parts as well.
   */
  | {
      readonly kind: 'hits';
      readonly hits: readonly Hit[];
      readonly isPart?: true;
      readonly hitsBefore?: number;
    }
  | { readonly kind: 'item'; readonly item: Item }
  /**
   * The new value of `incr` and `decr`. `cas` is 0n if the request did not ask for it; the other fields are as in
   * `Item`.
   */
  | {
      readonly kind: 'number';
      readonly value: bigint;
      readonly cas: bigint;
      readonly ttl: number;
      readonly ttlBefore: number | null;
      readonly atMs: WallMs;
    }
  /** A line of text without its line end: `VERSION …`, `CONTROLLER …`. Empty for no answer at all. */
  | { readonly kind: 'line'; readonly line: string }
  /** Lines of text, followed by `END`. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'stats'; readonly stats: readonly (readonly [name: string, value: string])[] }
  /**
   * The request was malformed or not allowed: the client has to change it. Errors in memcached's own words have no
   * code.
   */
  | { readonly kind: 'client_error'; readonly code?: ErrorCode; readonly reason: string }
  /** The cluster could not carry the request out. */
  | ({ readonly kind: 'server_error' } & RequestFailure);

/** The replies to a request, or a part of one, that concerns one entry. */
export type EntryReply = Extract<
  Reply,
  { readonly kind: 'outcome' | 'number' | 'item' | 'client_error' | 'server_error' }
>;

const outcome = (name: Outcome): Extract<Reply, { kind: 'outcome' }> =>
  Object.freeze({ kind: 'outcome', outcome: name });

/** The replies that are the same every time. */
export const REPLIES = {
  stored: outcome('stored'),
  notStored: outcome('not_stored'),
  exists: outcome('exists'),
  notFound: outcome('not_found'),
  deleted: outcome('deleted'),
  touched: outcome('touched'),
  ok: outcome('ok'),
} as const;

/** memcached's protocols have no place for the code: only the reason is sent. */
export const serverError = (code: ErrorCode, reason: string): EntryReply => ({
  kind: 'server_error',
  code,
  reason,
});
export const failed = ({ code, reason }: RequestFailure): EntryReply => serverError(code, reason);
export const clientError = (reason: string): EntryReply => ({ kind: 'client_error', reason });
/** An error of the client that memcached does not have. */
export const refused = (code: ErrorCode, reason: string): Reply => ({ kind: 'client_error', code, reason });

/** Server errors for which memcached has its own words. The lines are sent as they are. */
export const SERVER_ERROR_LINES = {
  VALUE_TOO_LARGE: 'SERVER_ERROR object too large for cache',
  OUT_OF_MEMORY: 'SERVER_ERROR out of memory reading request',
} as const satisfies Partial<Record<ErrorCode, string>>;
