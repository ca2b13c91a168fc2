import type { ErrorCode } from '../base/error-codes.ts';

/**
 * What a request has to be allowed to do: to see what is applied here, to see every write that was answered anywhere,
 * or to change something.
 */
export type Need = 'read' | 'strong-read' | 'write';

/** Whether a request may start now. */
export type Gate =
  | { readonly state: 'open' }
  /** Not now, but perhaps in a moment: try again when `onChange` is called, until the deadline. */
  | { readonly state: 'wait'; readonly code: ErrorCode; readonly reason: string }
  /** Not before something has been repaired: answer with an error at once. */
  | { readonly state: 'closed'; readonly code: ErrorCode; readonly reason: string };

export const OPEN: Gate = Object.freeze({ state: 'open' });

export function waitBecause(code: ErrorCode, reason: string): Gate {
  return { state: 'wait', code, reason };
}

export function closedBecause(code: ErrorCode, reason: string): Gate {
  return { state: 'closed', code, reason };
}
