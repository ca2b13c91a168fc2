/** What one replica has for each key, in any form that can be compared. */
export type State = ReadonlyMap<string, string | null>;

/** Convergence: all replicas end with the same state. @returns a difference, in words; null when there is none */
export function findDifference(states: readonly State[]): string | null {
  const keys = new Set(states.flatMap((state) => [...state.keys()]));
  for (const key of keys) {
    const values = states.map((state) => state.get(key) ?? null);
    if (values.some((value) => value !== values[0])) {
      return `${key} differs: ${values.map((value, i) => `${value ?? 'nothing'} at ${i}`).join(', ')}`;
    }
  }
  return null;
}
