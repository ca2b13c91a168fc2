import { isOfKey } from '../../ordering/effect.ts';
import type { QueuedRequest } from '../../ordering/pending-keys.ts';
import type { PendingRequest } from '../scheme.ts';
import type { StreamProgress } from './stream-progress.ts';

/** The queued requests, each with the members that have not acknowledged it. */
export function pendingRequests(
  queued: readonly QueuedRequest[],
  progress: StreamProgress,
): PendingRequest[] {
  return queued.map(({ effect, seq }) => ({
    kind: effect.kind,
    key: isOfKey(effect) ? effect.key : null,
    version: effect.version,
    unacknowledged: progress.lacking(effect.version.node, seq),
  }));
}
