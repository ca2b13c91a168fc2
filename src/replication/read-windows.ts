import { FairWindow } from './fair-window.ts';

/** The two places that values come from, each with its bound on what may be under way there. */
export interface ReadWindows {
  /** The local store, and the memory of this controller. */
  readonly store: FairWindow;
  /** The journal and the peers, for what the store has lost, or can't be asked for. */
  readonly elsewhere: FairWindow;
}

/**
 * Values under way from the store, in bytes. A read of any client stands behind this much and one value at the most, and
 * behind small reads of other clients. Larger: one client alone reads large values faster from a store that is far
 * away. Smaller: others wait for less.
 */
export const READ_WINDOW_BYTES = 1_048_576;

/** @param requestTurnEnd has both told of the end of this event-loop turn */
export function readWindows(requestTurnEnd: () => void, bytesMax: number): ReadWindows {
  return {
    store: new FairWindow(bytesMax, requestTurnEnd),
    elsewhere: new FairWindow(bytesMax, requestTurnEnd),
  };
}
