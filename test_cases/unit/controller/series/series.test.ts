import { expect, it } from 'vitest';
import { DurationHistogram } from '../../../../src/base/duration-histogram.ts';
import { FIGURE_NAMES, type FigureName } from '../../../../src/controller/series/figures.ts';
import { SAMPLES_MAX, Series } from '../../../../src/controller/series/series.ts';

const STARTED_AT_MS = Date.UTC(2026, 4, 4, 12);

/** A series whose clocks and figures the test sets. */
class Sampled {
  nowMs = 5_000;
  wallMs = STARTED_AT_MS;
  readonly values = new Map<FigureName, number>();
  readonly durations = new DurationHistogram();
  readonly series = new Series({
    clock: { nowMs: () => this.nowMs, wallMs: () => this.wallMs },
    read: (figure) => this.values.get(figure) ?? 0,
    durations: () => this.durations.counts.slice(),
  });

  tickAfter(ms: number): void {
    this.nowMs += ms;
    this.wallMs += ms;
    this.series.onTick();
  }
}

it('takes the growth of a counter a second, and a level as it is', () => {
  const sampled = new Sampled();
  sampled.values.set('operations', 300).set('memoryBytes', 1e8);
  sampled.tickAfter(1_000);
  sampled.values.set('operations', 900);
  sampled.tickAfter(1_500);
  const { figures, last } = sampled.series.report(10);
  expect(last).toBe(2);
  expect(figures.operations.slice(-2)).toEqual([300, 400]);
  expect(figures.memoryBytes.at(-1)).toBe(1e8);
});

it('tells within which time the requests since the last sample were answered', () => {
  const sampled = new Sampled();
  for (let request = 0; request < 99; request++) sampled.durations.observe(0.9);
  sampled.durations.observe(400);
  sampled.tickAfter(1_000);
  sampled.tickAfter(1_000);
  for (let request = 0; request < 100; request++) sampled.durations.observe(40);
  sampled.tickAfter(1_000);
  const { p50Ms, p99Ms } = sampled.series.report(3).figures;
  expect(p50Ms.map((ms) => ms && Math.ceil(ms / 10))).toEqual([1, null, 4]);
  expect(p50Ms[0]).toBeLessThan(1.01);
  expect(p99Ms[2]).toBeLessThanOrEqual(50);
});

it('goes on after the counters were reset', () => {
  const sampled = new Sampled();
  sampled.values.set('errors', 500);
  sampled.tickAfter(1_000);
  sampled.values.set('errors', 20);
  sampled.tickAfter(1_000);
  expect(sampled.series.report(1).figures.errors).toEqual([20]);
});

it('loses no operation when its timer is early', () => {
  const sampled = new Sampled();
  sampled.tickAfter(1_000);
  sampled.values.set('operations', 100);
  sampled.tickAfter(990);
  sampled.values.set('operations', 200);
  sampled.tickAfter(1_010);
  expect(sampled.series.report(1).figures.operations).toEqual([100]);
  expect(sampled.series.report(10).last).toBe(3);
});

it('counts seconds on the monotonic clock, and tells times by the wall clock as it is now', () => {
  const sampled = new Sampled();
  sampled.tickAfter(1_000);
  sampled.wallMs -= 3_600_000;
  sampled.tickAfter(1_000);
  const { last, lastAt, run } = sampled.series.report(1);
  expect(last).toBe(2);
  expect(Date.parse(lastAt)).toBe(STARTED_AT_MS + 2_000 - 3_600_000);
  expect(Date.parse(run)).toBe(STARTED_AT_MS);
});

it('takes less than 100 kB, and answers with no more samples than it keeps', () => {
  const sampled = new Sampled();
  for (let second = 0; second < SAMPLES_MAX + 50; second++) sampled.tickAfter(1_000);
  const report = sampled.series.report(1e9);
  for (const name of FIGURE_NAMES) expect(report.figures[name]).toHaveLength(SAMPLES_MAX);
  expect(sampled.series.bytes).toBeLessThan(100_000);
  expect(JSON.stringify(report).length).toBeLessThan(100_000);
});
