import type { ClusterClock } from '../membership/cluster-clock.ts';
import { closedBecause, type Gate, type Need, waitBecause } from '../membership/gate.ts';

/**
 * Whether a request may start, as far as the time has a say; null when it may. Reads of the state here, and all requests at
 * a level that serves alone, do not wait for cluster time for longer than the grace period.
 */
export function timeGate(clock: ClusterClock, need: Need, servesAlone: boolean): Gate | null {
  if (clock.isAgreed) return null;
  if (!clock.isGraceOver) return waitBecause('CLOCK_UNKNOWN', clock.trouble);
  if (servesAlone || need === 'read') return null;
  return closedBecause('CLOCK_UNKNOWN', clock.trouble);
}
