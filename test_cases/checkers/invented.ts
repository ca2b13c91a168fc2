import type { History, Value } from '../../src/checkers/history.ts';

/**
 * Every value was written: it is a value that was set, plus increments, or followed by appended parts, each of them
 * once. Values that are set are multiples of `INCREMENTS_MAX`; appended parts begin with a comma.
 *
 * @returns a value that was not written, in words; null when there is none
 */
export function findInvented(
  history: History,
  values: Iterable<readonly [key: string, value: Value]>,
): string | null {
  const written = new Set(
    history.flatMap(({ key, action }) => ('value' in action ? [`${key} ${action.value}`] : [])),
  );
  const joined = new Set(
    history
      .filter(({ action }) => action.kind === 'append')
      .map(({ key, action }) => `${key} ${'value' in action ? action.value : ''}`),
  );
  for (const [key, value] of values) {
    if (value === null) continue;
    const [base, ...parts] = value.split(',');
    const set = Number(base) - (Number(base) % INCREMENTS_MAX);
    if (!written.has(`${key} ${set}`)) return `${key} holds ${value}, and nobody wrote ${set}`;
    for (const [i, part] of parts.entries()) {
      if (!joined.has(`${key} ,${part}`)) return `${key} holds ${value}, and nobody appended ${part}`;
      if (parts.indexOf(part) !== i) return `${key} holds ${value}: ${part} was appended twice`;
    }
  }
  return null;
}

/** The distance between two values that are set, which leaves room for increments. */
export const INCREMENTS_MAX = 1_000;
