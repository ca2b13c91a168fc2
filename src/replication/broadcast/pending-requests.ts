import type { Queued } from '../../ordering/pending-keys.ts';
import type { PendingRequest } from '../scheme.ts';
import type { StreamProgress } from './stream-progress.ts';

/** Queued requests, and who has not acknowledged each. */
export function pendingRequests(queued: readonly Queued[], progress: StreamProgress): PendingRequest[] {
  return queued.map(({ effect: { kind, key, version }, seq }) => ({
    kind,
    key,
    version,
    unacknowledged: progress.lacking(version.node, seq),
  }));
}
