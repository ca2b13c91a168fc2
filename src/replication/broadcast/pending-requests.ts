import { isOfKey } from '../../ordering/effect.ts';
import type { Queued } from '../../ordering/pending-keys.ts';
import type { PendingRequest } from '../scheme.ts';
import type { StreamProgress } from './stream-progress.ts';

/** Queued requests, and who has not acknowledged each. */
export function pendingRequests(queued: readonly Queued[], progress: StreamProgress): PendingRequest[] {
  return queued.map(({ effect, seq }) => ({
    kind: effect.kind,
    key: isOfKey(effect) ? effect.key : null,
    version: effect.version,
    unacknowledged: progress.lacking(effect.version.node, seq),
  }));
}
