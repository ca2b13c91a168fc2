import { expect, it } from 'vitest';
import type { View } from '../../../src/membership/view.ts';
import { ViewTimes } from '../../../src/membership/view-times.ts';

const view = (counter: number): View => ({ ballot: { counter, node: 0 }, members: [], reason: '' }) as never;

it('views are counted when they are installed, and the time without one is measured between two', () => {
  let nowMs = 1_000;
  const times = new ViewTimes({ nowMs: () => nowMs, wallMs: () => 0 });
  times.onView(null);
  nowMs += 500;
  const first = view(1);
  times.onView(first);
  times.onView(first);
  expect(times.installed).toBe(1);
  expect(times.gaps.count).toBe(0);
  nowMs += 9_000;
  times.onView(null);
  nowMs += 30;
  times.onView(null);
  nowMs += 12;
  times.onView(view(2));
  expect([times.installed, times.gaps.count, times.gaps.sumMs]).toEqual([2, 1, 42]);
  // A view that takes the place of another at once leaves no time without one.
  times.onView(view(3));
  expect([times.installed, times.gaps.count, times.gaps.sumMs]).toEqual([3, 2, 42]);
});
