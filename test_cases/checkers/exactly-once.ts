import type { History } from '../../src/checkers/history.ts';

/**
 * Exactly once: a counter that is only incremented ends at least with the sum of all answered increments, and at most
 * with that sum plus all increments whose outcome is unknown. No two increments are answered with the same number.
 *
 * @param start the first value of the counter
 * @param end the value of the counter at the end
 * @returns what is wrong, in words; null when nothing is
 */
export function findMiscount(history: History, key: string, start: number, end: number): string | null {
  let answered = 0;
  let unknown = 0;
  const numbers = new Set<string>();
  for (const { action, answer, key: counted } of history) {
    if (counted !== key || action.kind !== 'incr') continue;
    if (answer.kind === 'unknown') unknown += action.by;
    else if (answer.kind !== 'value' || answer.value === null) return `the counter ${key} was lost`;
    else {
      answered += action.by;
      if (numbers.has(answer.value)) return `two increments of ${key} were answered ${answer.value}`;
      numbers.add(answer.value);
    }
  }
  const counted = end - start;
  if (counted >= answered && counted <= answered + unknown) return null;
  return `${key} counted ${counted}; ${answered} were answered, and ${unknown} may have happened`;
}
