import type { ClientStream } from '../../src/consistency/client-stream.ts';
import { type ReadBudget, type Reader, ReadFlow } from '../../src/replication/read-flow.ts';
import { READ_WINDOW_BYTES, type ReadWindows, readWindows } from '../../src/replication/read-windows.ts';
import { newContext } from '../../src/replication/request-context.ts';

/** A client that takes no streams. */
export const NO_STREAM: ClientStream = { state: 'gone', untakenBytes: 0, send: () => {} };

/** A budget without a bound. */
export const BOUNDLESS: ReadBudget = { fits: () => true, reserve: () => {} };

export function wideWindows(): ReadWindows {
  return readWindows(() => {}, READ_WINDOW_BYTES);
}

/** A reader with a budget of its own whose reply is not the next. */
export function readerOf(traits: Partial<Reader> = {}): Reader {
  return {
    flow: new ReadFlow(BOUNDLESS),
    context: newContext(),
    hasMovedOn: false,
    isGone: false,
    isNextReply: false,
    countsAsRead: true,
    reservedBytes: 0,
    reserve: () => {},
    onIssued: () => {},
    onBlocked: () => {},
    onDelayed: () => {},
    ...traits,
  };
}
