import type { ClusterClock } from '../membership/cluster-clock.ts';
import { closedBecause, type Gate, type Need, waitBecause } from '../membership/gate.ts';

/**
 * Whether a request may start, as far as cluster time matters; null when it may. Local reads, and all requests at a
 * level that serves alone, wait for cluster time no longer than the grace period at the start.
 */
export function timeGate(clock: ClusterClock, need: Need, servesAlone: boolean): Gate | null {
  if (clock.isAgreed) return null;
  if (!clock.isGraceOver) return waitBecause('CLOCK_UNKNOWN', clock.trouble);
  if (servesAlone || need === 'read') return null;
  return closedBecause('CLOCK_UNKNOWN', clock.trouble);
}
