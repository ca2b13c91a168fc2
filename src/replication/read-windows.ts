import { FairWindow } from './fair-window.ts';

/** The two places that values come from, each with its bound on the bytes under way. */
export interface ReadWindows {
  /** The local store, and the memory of this controller. */
  readonly store: FairWindow;
  /** The journal and the peers, for values that the store has lost, or cannot be asked for. */
  readonly elsewhere: FairWindow;
}

/**
 * The bytes of values under way from the store. A read of any client waits behind this much and one value at the
 * most, and behind small reads of other clients. Larger: a single client reads large values faster from a store that
 * is far away. Smaller: other clients wait for less.
 */
export const READ_WINDOW_BYTES = 1_048_576;

/** @param requestTurnEnd has both told of the end of this event-loop turn */
export function readWindows(requestTurnEnd: () => void, bytesMax: number): ReadWindows {
  return {
    store: new FairWindow(bytesMax, requestTurnEnd),
    elsewhere: new FairWindow(bytesMax, requestTurnEnd),
  };
}
