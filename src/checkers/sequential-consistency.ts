import { type Event, type History, sameAnswer, step, type Value } from './history.ts';

/**
 * Sequential consistency (Lamport 1979): there is one order of all operations on all keys in which every answer is
 * right, and which keeps the order of each client. Real time does not matter. Unlike linearizability, this is no
 * property of single keys. The search is exact, and meant for small histories.
 *
 * An operation with an unknown outcome may happen at any time, also after later operations of its client. As usual, it
 * counts as a client of its own.
 */
export function isSequentiallyConsistent(history: History): boolean {
  const answered = history.filter((event) => !isUnknown(event)).sort((a, b) => a.invokedAt - b.invokedAt);
  const clients = [...new Set(answered.map((event) => event.client))];
  const programs = [
    ...clients.map((client) => answered.filter((event) => event.client === client)),
    ...history.filter(isUnknown).map((event) => [event]),
  ];
  const tried = new Set<string>();

  const search = (places: readonly number[], store: ReadonlyMap<string, string>): boolean => {
    if (places.every((place, i) => programs[i]!.slice(place).every(isUnknown))) return true;
    const state = `${places.join(',')}|${JSON.stringify([...store].sort())}`;
    if (tried.has(state)) return false;
    tried.add(state);
    return places.some((place, i) => {
      const event = programs[i]![place];
      if (event === undefined) return false;
      const advanced = places.map((p, j) => (j === i ? p + 1 : p));
      const after = applied(store, event);
      return after !== null && search(advanced, after);
    });
  };
  return search(
    programs.map(() => 0),
    new Map(),
  );
}

function isUnknown(event: Event): boolean {
  return event.answer.kind === 'unknown';
}

/** @returns the store after the event; null when the answer of the event would be wrong */
function applied(store: ReadonlyMap<string, string>, event: Event): Map<string, string> | null {
  if (event.action.kind === 'flush') return new Map();
  const value: Value = store.get(event.key) ?? null;
  const { answer, next } = step(value, event.action);
  if (!isUnknown(event) && !sameAnswer(answer, event.answer)) return null;
  const after = new Map(store);
  if (next === null) after.delete(event.key);
  else after.set(event.key, next);
  return after;
}
