import { expect, it } from 'vitest';
import type { Effect } from '../../../src/ordering/effect.ts';
import { mergedWrites, valuesOf } from '../../sim/applied-writes.ts';
import { joinOf, setOf } from '../../support/effects.ts';

const OLD = setOf('b', { time: 1, node: 0 }, { value: Buffer.from('x') });
const APPEND = joinOf('b', { time: 2, node: 0 }, { condition: OLD.version, part: Buffer.from('y') });
const WITHOUT_VALUE = setOf('b', APPEND.version);
const WHOLE = setOf('b', APPEND.version, { value: Buffer.from('xy') });

/** The value that the append leaves, if the controllers applied it in these forms. */
function valueAfter(...forms: Effect[]): string | undefined {
  const writes = mergedWrites(forms.map((form) => [OLD, form]));
  expect(writes.map(({ version }) => version.time)).toEqual([1, 2]);
  return valuesOf(writes).get(writes[1]!);
}

// Seed 82 at linearizability, with controllers that stop voting: the judge took the set without a value.
it('an append counts by its difference, where another controller took it without its value', () => {
  expect(valueAfter(APPEND, WITHOUT_VALUE)).toBe('xy');
  expect(valueAfter(WITHOUT_VALUE, APPEND)).toBe('xy');
});

it('a write counts by its whole value, wherever that is known', () => {
  expect(valueAfter(WITHOUT_VALUE, WHOLE)).toBe('xy');
  expect(valueAfter(WHOLE, APPEND, WITHOUT_VALUE)).toBe('xy');
});

it('the value of a write that nobody has is not known', () => {
  expect(valueAfter(WITHOUT_VALUE, WITHOUT_VALUE)).toBe(undefined);
});
