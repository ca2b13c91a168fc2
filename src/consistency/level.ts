/** The four levels, each a policy over one of the two replication engines: see docs/guarantees.md. */
export const LEVELS = ['linearizability', 'sequential', 'eventual'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}
