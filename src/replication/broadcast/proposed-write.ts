import type { QueuedRequest } from '../../ordering/pending-keys.ts';
import type { WriteOutcome } from '../scheme.ts';

export type WriteDone = (outcome: WriteOutcome) => void;

/** A request in the queue. Own ones that this run has proposed have an onOutcome. */
export type Proposed = QueuedRequest<WriteDone>;

/** Whoever has asked for the request, once. */
export function tell(request: Proposed, outcome: WriteOutcome): void {
  const { onOutcome } = request;
  if (onOutcome === null) return;
  request.onOutcome = null;
  onOutcome(outcome);
}
