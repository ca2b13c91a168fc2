import { expect, it } from 'vitest';
import { counterOf, ID_MAX, LogicalClock } from '../../../../src/cli/lab/engine/logical-clock.ts';
import type { TieRule } from '../../../../src/cli/lab/engine/tie-rule.ts';
import { compareVersions } from '../../../../src/ordering/version.ts';

it('a write takes the present value of the counter, and then it goes up', () => {
  const clock = new LogicalClock(3, 7, 'lowest');
  expect(clock.counter).toBe(0);
  expect(counterOf(clock.stamp().time) - 1).toBe(0);
  expect(clock.counter).toBe(1);
  expect(counterOf(clock.stamp().time) - 1).toBe(1);
});

it('it is lifted, and never lowered', () => {
  const clock = new LogicalClock(0, 0, 'highest');
  clock.lift(41);
  expect(clock.counter).toBe(41);
  clock.lift(7);
  expect(counterOf(clock.stamp().time) - 1).toBe(41);
});

it('the write of another server lifts it past the accept time', () => {
  const one = new LogicalClock(0, 0, 'lowest');
  const other = new LogicalClock(1, ID_MAX, 'lowest');
  for (let write = 0; write < 5; write++) one.stamp();
  other.observe(one.latest);
  expect(other.counter).toBe(5);
  expect(compareVersions(other.stamp(), { time: one.latest, node: 0 })).toBeGreaterThan(0);
});

it.each([
  ['lowest', [ID_MAX, 10, 9, 0]],
  ['highest', [0, 9, 10, ID_MAX]],
] as const)('of equal accept times the %s id comes last, whatever the numbers of the lives', (tie, order) => {
  const versions = order.map((id, at) => new LogicalClock((at * 7) % 4, id, tie as TieRule).stamp());
  expect(versions.toSorted(compareVersions)).toEqual(versions);
  expect(new Set(versions.map(({ time }) => counterOf(time)))).toEqual(new Set([1]));
});

it('of two lives of one id the later one comes last', () => {
  const [first, second] = [1, 2].map((life) => new LogicalClock(life, 5, 'highest').stamp());
  expect(compareVersions(second!, first!)).toBeGreaterThan(0);
});
