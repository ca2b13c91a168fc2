/**
 * How a node ends a view change whose leader it hears no more. The leader begins to commit only after every node of
 * both views has said that it is ready. A node that is prepared and not ready may therefore abort by itself, because it
 * will not say so any more. A node that is ready has to know what became of the others.
 */

/** What another node of the change, or its leader, says. */
export type Standing =
  /** There is no answer, and the node may be alive. */
  | 'unreachable'
  /** The process is gone: nothing listens there any more, or another process does. */
  | 'dead'
  /** It leads the change, and has not decided yet. */
  | 'leading'
  /** It does not take part, and never will. */
  | 'none'
  | 'prepared'
  | 'ready'
  | 'committed'
  | 'aborted';

export type ChangeVerdict = 'commit' | 'abort' | 'wait';

/**
 * What a node does that is ready.
 *
 *  1. Once a node has committed, all were ready; no node aborts then. So this node commits.
 *  2. A node that has aborted, or does not take part, never was ready, and never will be. So none commits.
 *  3. A node that cannot be asked may have committed or aborted. One that is prepared may still abort, and a leader
 *     that is alive will decide. So this node waits.
 *  4. All that are alive are ready. None of them aborts by itself, so they all commit.
 */
export function verdictOf(others: readonly Standing[]): ChangeVerdict {
  if (others.includes('committed')) return 'commit';
  if (others.includes('aborted') || others.includes('none')) return 'abort';
  const isOpen = others.some((one) => one === 'unreachable' || one === 'leading' || one === 'prepared');
  return isOpen ? 'wait' : 'commit';
}
