import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import type { Random } from './random.ts';
import type { AgedPlan, AgedStep } from './sim-ages.ts';
import type { ClientPlan, Operation } from './sim-clients.ts';
import type { SessionPlan, SessionStep } from './sim-sessions.ts';

/** Scenarios with keyspaces of all levels and both ordered schemes at once: the default is at `linearizability`. */

export const MIXED_KEYSPACES: readonly KeyspaceSettings[] = [
  { name: 'ordered', prefix: 's:', level: 'sequential' },
  { name: 'sessions', prefix: 'c:', level: 'causal' },
  { name: 'views', prefix: 'e:', level: 'eventual' },
  { name: 'chained', prefix: 'l:', level: 'linearizability/chain' },
];

const SESSIONS_PREFIX = 'c:';

const PREFIXES = ['', ...MIXED_KEYSPACES.map(({ prefix }) => prefix)];

/** Spreads the keys of the clients over the keyspaces. @param stays whether a key stays in the default one */
export function overKeyspaces(
  random: Random,
  clients: readonly ClientPlan[],
  stays: (key: string) => boolean,
): readonly ClientPlan[] {
  const spread = (operation: Operation): Operation => {
    const prefix = random.pick(PREFIXES);
    return stays(operation.key) ? operation : { ...operation, key: prefix + operation.key };
  };
  return clients.map((plan) => ({ ...plan, operations: plan.operations.map(spread) }));
}

/** The same for clients that read with a bound on staleness. */
export function agesOverKeyspaces(random: Random, ages: readonly AgedPlan[]): readonly AgedPlan[] {
  const spread = (step: AgedStep): AgedStep => ({ ...step, key: random.pick(PREFIXES) + step.key });
  return ages.map((plan) => ({ ...plan, steps: plan.steps.map(spread) }));
}

/** The same for sessions: they go to the keyspace that is at `causal`. */
export function sessionsInKeyspace(sessions: readonly SessionPlan[]): readonly SessionPlan[] {
  const moved = (step: SessionStep): SessionStep => ({ ...step, key: SESSIONS_PREFIX + step.key });
  return sessions.map((plan) => ({ ...plan, steps: plan.steps.map(moved) }));
}
