import { joined, type SessionHistory } from './session-history.ts';
import { findContradiction } from './visibility.ts';

/**
 * Causal convergence (CCv): every event sees all that is in its causal past, which is what its session did before, what
 * the writes that it read had seen, and so on. Where writes do not depend on each other, all sessions see them in the
 * same order.
 *
 * @returns what is wrong, in words; null when nothing is
 */
export function findCausalViolation(history: SessionHistory): string | null {
  const known = joined(history);
  if (typeof known === 'string') return known;
  return findContradiction(known, (event, { source, previous }) =>
    [previous[event]!, source[event]!].filter((earlier) => earlier !== -1),
  );
}
