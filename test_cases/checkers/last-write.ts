import type { History, Value } from '../../src/checkers/history.ts';
import type { Applied } from './sequential-witness.ts';

/**
 * A client asked for every applied delete: an entry that vanishes by itself is a loss. One exception: a write with an
 * unknown outcome may have deleted the entry, because its store may have lost the old value with it.
 *
 * @param doubtful the keys of further writes with an unknown outcome
 * @returns what is wrong, in words; null when nothing is
 */
export function findExcessDelete(
  history: History,
  applied: readonly Applied[],
  doubtful: readonly string[] = [],
): string | null {
  const asked = new Map<string, number>();
  for (const key of doubtful) asked.set(key, (asked.get(key) ?? 0) + 1);
  for (const { key, action, answer } of history) {
    if (action.kind === 'delete' || answer.kind === 'unknown') asked.set(key, (asked.get(key) ?? 0) + 1);
  }
  for (const { key, kind } of applied) {
    if (kind !== 'delete') continue;
    const left = (asked.get(key) ?? 0) - 1;
    if (left < 0) return `${key} was deleted more often than clients asked for`;
    asked.set(key, left);
  }
  return null;
}

/**
 * A key ends with the write that has the largest version, and after a flush with nothing older than the flush. Keys
 * with writes whose outcome is unknown are left out.
 *
 * @param applied in the order of their versions, each once
 * @returns a loss, in words; null when there is none
 */
export function findLost(
  history: History,
  applied: readonly Applied[],
  values: ReadonlyMap<string, Value>,
): string | null {
  const unknown = new Set(history.filter(({ answer }) => answer.kind === 'unknown').map(({ key }) => key));
  for (const [key, value] of values) {
    if (unknown.has(key) || unknown.has('')) continue;
    const last = applied.findLast((one) => one.key === key || one.kind === 'flush');
    if ((last?.value ?? null) !== value)
      return `${key} holds ${value}, and last written was ${last?.value ?? null}`;
  }
  return null;
}
