import { expect, it } from 'vitest';
import { SampleRing } from '../../../../src/controller/series/sample-ring.ts';

it('gives the newest samples, the newest last', () => {
  const ring = new SampleRing(2, 5);
  expect(ring.newest(0, 5)).toEqual([]);
  for (let second = 0; second < 8; second++) ring.add(second, [second, -second]);
  expect(ring.last).toBe(7);
  expect(ring.newest(0, 3)).toEqual([5, 6, 7]);
  expect(ring.newest(1, 100)).toEqual([-3, -4, -5, -6, -7]);
});

it('has no figures for a pause', () => {
  const ring = new SampleRing(1, 6);
  ring.add(0, [10]);
  ring.add(4, [14]);
  expect(ring.newest(0, 6)).toEqual([10, null, null, null, 14]);
});

it('takes a sample for one second that was skipped before it', () => {
  const ring = new SampleRing(1, 6);
  ring.add(0, [10]);
  ring.add(2, [12]);
  expect(ring.newest(0, 6)).toEqual([10, 12, 12]);
});

it('forgets everything in a pause that is longer than it remembers', () => {
  const ring = new SampleRing(1, 4);
  for (let second = 0; second < 4; second++) ring.add(second, [second]);
  ring.add(1_000_000, [1]);
  expect(ring.newest(0, 4)).toEqual([null, null, null, 1]);
});

it('leaves out a sample that is not newer, and a figure that is no number', () => {
  const ring = new SampleRing(1, 4);
  ring.add(3, [3]);
  ring.add(3, [4]);
  ring.add(2, [2]);
  ring.add(4, [Number.NaN]);
  expect(ring.newest(0, 2)).toEqual([3, null]);
});
