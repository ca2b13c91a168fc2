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

/** Outcomes that carry nothing but themselves. */
export type Outcome = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'deleted' | 'touched' | 'ok';

export type Reply =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'hits'; readonly hits: readonly Hit[] }
  /** The new value of `incr` and `decr`. */
  | { readonly kind: 'number'; readonly value: bigint }
  /** A line of text without its line end: `VERSION …`, `CONTROLLER …`. */
  | { readonly kind: 'line'; readonly line: string }
  /** Lines of text, closed by `END`. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'stats'; readonly stats: readonly (readonly [name: string, value: string])[] }
  /** The request was malformed or not allowed: the client's fault. */
  | { readonly kind: 'client_error'; readonly reason: string }
  /** The request could not be carried out: the cluster's fault. */
  | { readonly kind: 'server_error'; readonly reason: string };

const outcome = (name: Outcome): Reply => Object.freeze({ kind: 'outcome', outcome: name });

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

export const serverError = (reason: string): Reply => ({ kind: 'server_error', reason });
export const clientError = (reason: string): Reply => ({ kind: 'client_error', reason });
