import { type Reader, ReadFlow, type Room } from '../../src/replication/read-flow.ts';
import { READ_WINDOW_BYTES, type ReadWindows, readWindows } from '../../src/replication/read-windows.ts';
import { newContext } from '../../src/replication/request-context.ts';

/** A budget without a bound. */
export const BOUNDLESS: Room = { admits: () => true, hold: () => {} };

export function wideWindows(): ReadWindows {
  return readWindows(() => {}, READ_WINDOW_BYTES);
}

/** A reader with a budget of its own whose reply is not the next. */
export function readerOf(traits: Partial<Reader> = {}): Reader {
  return {
    flow: new ReadFlow(BOUNDLESS),
    context: newContext(),
    isOvertaken: false,
    isGone: false,
    isAwaited: false,
    countsAsRead: true,
    heldBytes: 0,
    hold: () => {},
    onIssued: () => {},
    onHeldUp: () => {},
    ...traits,
  };
}
