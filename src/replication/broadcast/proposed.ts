import type { Queued } from '../../ordering/pending-keys.ts';
import type { WriteOutcome } from '../scheme.ts';

export type WriteDone = (outcome: WriteOutcome) => void;

/** A request in the queue. Own ones that this run has proposed have an asker. */
export type Proposed = Queued<WriteDone>;

/** Whoever has asked for the request, once. */
export function tell(request: Proposed, outcome: WriteOutcome): void {
  const { asker } = request;
  if (asker === null) return;
  request.asker = null;
  asker(outcome);
}
