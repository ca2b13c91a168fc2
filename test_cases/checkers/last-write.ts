import type { History, Value } from './history.ts';
import type { Applied } from './sequential-witness.ts';

/**
 * Every applied delete is one that a client asked for: an entry that vanishes by itself is a loss. A write of
 * which nobody knows whether the store took it may have taken the entry with it.
 *
 * @returns what is wrong, in words; null when nothing is
 */
export function findExcessDelete(history: History, applied: readonly Applied[]): string | null {
  const asked = new Map<string, number>();
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
 * The write with the largest version is what is left of a key, and of a flush nothing older. Keys with writes of
 * which nobody knows whether a store took them are left out.
 *
 * @param applied in the order of their versions, each once
 * @returns what was lost, in words; null when nothing was
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
