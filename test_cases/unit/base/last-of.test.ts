import { expect, it } from 'vitest';
import { lastOf } from '../../../src/base/last-of.ts';

it('the last outcome is kept for the same argument, and made again for another', () => {
  let made = 0;
  const count = lastOf((_: object) => ++made);
  const [first, second] = [{}, {}];
  expect([count(first), count(first), count(second), count(second), count(first)]).toEqual([1, 1, 2, 2, 3]);
});
