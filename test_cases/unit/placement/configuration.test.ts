import { expect, test } from 'vitest';
import {
  addressTextOf,
  type Configuration,
  haveMajority,
  idsEndOf,
  idsOf,
  spareIn,
} from '../../../src/placement/configuration.ts';

const withIds = (...ids: readonly number[]): Configuration => ({
  controllers: ids.map((id) => ({ id, host: 'host', port: 8000 + id })),
});

test('only controllers of the configuration count for its majority', () => {
  const gaps = withIds(1, 4, 9);
  expect(haveMajority(gaps, [1, 9])).toBe(true);
  expect(haveMajority(gaps, [0, 1, 2, 3])).toBe(false);
  expect(haveMajority(withIds(0, 1, 2, 3), [0, 1])).toBe(false);
});

test('ids may have gaps', () => {
  const gaps = withIds(1, 4, 9);
  expect(idsOf(gaps)).toEqual([1, 4, 9]);
  expect(idsEndOf(gaps)).toBe(10);
  expect(addressTextOf(gaps, 4)).toBe('host:8004');
  expect(addressTextOf(gaps, 5)).toBe('controller 5');
});

test('as many may be missing as a majority can do without', () => {
  expect([1, 2, 3, 4, 5].map((size) => spareIn(withIds(...Array(size).keys())))).toEqual([0, 0, 1, 1, 2]);
});
