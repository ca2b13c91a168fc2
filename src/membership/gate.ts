import type { ErrorCode } from '../base/error-codes.ts';

/** What a request needs: to see what is settled here, to see every write answered anywhere, or to change something. */
export type Need = 'read' | 'strong-read' | 'write';

/** Whether a request may start now. */
export type Gate =
  | { readonly state: 'open' }
  /** Not now, but perhaps in a moment: try again when `onChange` is called, until the deadline. */
  | { readonly state: 'wait'; readonly code: ErrorCode; readonly reason: string }
  /** Not before somebody does something about it: answer with an error at once. */
  | { readonly state: 'closed'; readonly code: ErrorCode; readonly reason: string };

export const OPEN: Gate = Object.freeze({ state: 'open' });

export function waitBecause(code: ErrorCode, reason: string): Gate {
  return { state: 'wait', code, reason };
}

export function closedBecause(code: ErrorCode, reason: string): Gate {
  return { state: 'closed', code, reason };
}
