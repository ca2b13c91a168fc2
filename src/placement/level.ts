/** The levels that a keyspace can have. What each promises: docs/guarantees.md. */
export const LEVELS = ['linearizability', 'sequential', 'causal', 'eventual'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}
