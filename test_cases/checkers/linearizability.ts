import { type Event, type History, sameAnswer, step, type Value } from './history.ts';

/**
 * Linearizability: there is one order of all operations that respects real time (what had returned before
 * another was invoked comes first), in which every answer is right. It holds for a store when it holds for
 * each of its keys (Herlihy and Wing 1990), so keys are checked one by one, by Wing and Gong's search with
 * Lowe's memory of the states already tried.
 *
 * @returns the key whose history has no such order; null when there is none
 */
export function findNonLinearizableKey(history: History): string | null {
  const keys = new Set(history.map((event) => event.key).filter((key) => key !== ''));
  for (const key of keys) {
    const events = history.filter((event) => event.key === key || event.action.kind === 'flush');
    if (!isLinearizable(events)) return key;
  }
  return null;
}

/** @param events of one key, and the flushes, which concern it too */
export function isLinearizable(events: readonly Event[]): boolean {
  const sorted = [...events].sort((a, b) => a.invokedAt - b.invokedAt);
  const taken = new Array<boolean>(sorted.length).fill(false);
  const tried = new Set<string>();

  const search = (value: Value, left: number): boolean => {
    if (left === 0) return true;
    const state = `${taken.map((t) => (t ? 1 : 0)).join('')}|${value === null ? '-' : `=${value}`}`;
    if (tried.has(state)) return false;
    tried.add(state);
    let firstReturn = Number.POSITIVE_INFINITY;
    sorted.forEach((event, i) => {
      if (!taken[i] && event.returnedAt < firstReturn) firstReturn = event.returnedAt;
    });
    // What is left has no deadline: none of it need ever have happened.
    if (firstReturn === Number.POSITIVE_INFINITY) return true;
    for (let i = 0; i < sorted.length; i++) {
      const event = sorted[i]!;
      if (taken[i]) continue;
      if (event.invokedAt > firstReturn) break;
      const { answer, next } = step(value, event.action);
      if (event.answer.kind !== 'unknown' && !sameAnswer(answer, event.answer)) continue;
      taken[i] = true;
      if (search(next, left - 1)) return true;
      taken[i] = false;
    }
    return false;
  };
  return search(null, sorted.length);
}
