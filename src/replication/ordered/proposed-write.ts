import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { QueuedRequest } from '../../ordering/pending-keys.ts';
import type { WriteOutcome } from '../scheme.ts';

export type WriteDone = (outcome: WriteOutcome) => void;

/** A request in the queue. A request that this run has proposed has an `onOutcome` until it is answered. */
export type Proposed = QueuedRequest<WriteDone>;

/** The end of the store's part in a write. */
export interface Stored {
  readonly error: Error | null;
  /** When the write was agreed, and handed to the store. */
  readonly agreedMs: MonotonicMs;
}

/** Answers the request, once. */
export function tell(request: Proposed, outcome: WriteOutcome): void {
  const { onOutcome } = request;
  if (onOutcome === null) return;
  request.onOutcome = null;
  onOutcome(outcome);
}
