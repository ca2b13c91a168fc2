/** The levels that a cluster can be run at. What each promises: docs/guarantees.md. */
export const LEVELS = ['linearizability', 'sequential', 'eventual'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}

/** A level: which engine replicates, and what a read waits for. */
export interface Policy {
  readonly engine: 'ordered' | 'convergent';
  /** A read waits for the writes on its key that are under way here, wherever they come from. */
  readonly strongReads: boolean;
  /** A read waits for all earlier writes of its own connection. */
  readonly ownWritesFirst: boolean;
}

/**
 * Convergent writes take effect here at once, so a connection's own are always seen. At the ordered levels a
 * connection's requests take effect in the order in which it sent them, pipelined or not.
 */
export const POLICIES: Readonly<Record<Level, Policy>> = {
  linearizability: { engine: 'ordered', strongReads: true, ownWritesFirst: true },
  sequential: { engine: 'ordered', strongReads: false, ownWritesFirst: true },
  eventual: { engine: 'convergent', strongReads: false, ownWritesFirst: false },
};
