import type { ErrorCode, RequestFailure } from '../base/error-codes.ts';
import type { WallMs } from '../base/number-kinds.ts';

/**
 * What a controller answers, free of how it is written on the wire: every protocol encoder turns these into
 * its own bytes.
 */

/** One entry found by `get`, `gets`, `gat` or `gats`. */
export interface Hit {
  readonly key: string;
  readonly flags: number;
  readonly value: Buffer;
  /** The cluster-wide CAS token, 64 bits unsigned; 0n where the request did not ask for it. */
  readonly cas: bigint;
}

/** An entry with all that is known of it. */
export interface Item {
  readonly key: string;
  readonly flags: number;
  readonly value: Buffer;
  /** The cluster-wide CAS token, 64 bits unsigned. */
  readonly cas: bigint;
  /** Seconds until it expires; -1 for never. */
  readonly ttl: number;
  /** The same before this request gave it a new expiry; null where this request has made the entry. */
  readonly ttlBefore: number | null;
  /** When this was so, in milliseconds since 1970. */
  readonly atMs: WallMs;
  /** It had been read on this controller before. */
  readonly hitBefore: boolean;
  /** Seconds since it was last read or written, as far as this controller knows. */
  readonly idleSeconds: number;
  /** Marked as out of date. */
  readonly stale: boolean;
  /** The right to fill it anew was won by somebody before this request. */
  readonly taken: boolean;
  /** This request has won the right to fill it anew: nobody else in the cluster will. */
  readonly won: boolean;
}

/** Outcomes that carry nothing but themselves. */
export type Outcome = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'deleted' | 'touched' | 'ok';

export type Reply =
  /** `cas`: the entry's new token, where the request asked for it; `valueBytes`: where it is not the request's. */
  | {
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      readonly cas?: bigint;
      readonly valueBytes?: number;
    }
  /**
   * `isPart`: more of the same reply follows; `hitsBefore`: so many hits of it have gone out before, in parts. An error
   * may follow parts, too.
   */
  | {
      readonly kind: 'hits';
      readonly hits: readonly Hit[];
      readonly isPart?: true;
      readonly hitsBefore?: number;
    }
  | { readonly kind: 'item'; readonly item: Item }
  /** The new value of `incr` and `decr`; `cas` where the request asked for it; the others as in `Item`. */
  | {
      readonly kind: 'number';
      readonly value: bigint;
      readonly cas: bigint;
      readonly ttl: number;
      readonly ttlBefore: number | null;
      readonly atMs: WallMs;
    }
  /** A line of text without its line end: `VERSION …`, `CONTROLLER …`; empty for no answer at all. */
  | { readonly kind: 'line'; readonly line: string }
  /** Lines of text, closed by `END`. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'stats'; readonly stats: readonly (readonly [name: string, value: string])[] }
  /** The request was malformed or not allowed: the client's fault. */
  | { readonly kind: 'client_error'; readonly reason: string }
  /** The request could not be carried out: the cluster's fault. */
  | ({ readonly kind: 'server_error' } & RequestFailure);

const outcome = (name: Outcome): Extract<Reply, { kind: 'outcome' }> =>
  Object.freeze({ kind: 'outcome', outcome: name });

/** The replies that are the same every time, made once. */
export const REPLIES = {
  stored: outcome('stored'),
  notStored: outcome('not_stored'),
  exists: outcome('exists'),
  notFound: outcome('not_found'),
  deleted: outcome('deleted'),
  touched: outcome('touched'),
  ok: outcome('ok'),
} as const;

/** The code is not part of what memcached's protocols say: only the reason goes out. */
export const serverError = (code: ErrorCode, reason: string): Reply => ({
  kind: 'server_error',
  code,
  reason,
});
export const failed = ({ code, reason }: RequestFailure): Reply => serverError(code, reason);
export const clientError = (reason: string): Reply => ({ kind: 'client_error', reason });

/** Server errors that memcached has words of its own for: these stand on the wire as they are. */
export const SERVER_ERROR_LINES = {
  VALUE_TOO_LARGE: 'SERVER_ERROR object too large for cache',
  OUT_OF_MEMORY: 'SERVER_ERROR out of memory reading request',
} as const satisfies Partial<Record<ErrorCode, string>>;
