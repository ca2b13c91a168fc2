import { expect, it } from 'vitest';
import { METRIC_NAMES, METRICS, type Metric } from '../../../src/controller/metrics/metrics.ts';
import { GROUPS } from '../../../src/controller/metrics/stats-groups.ts';

const ALL: readonly (readonly [name: string, metric: Metric])[] = Object.entries(METRICS);

it('the table of metrics explains each one in one sentence', () => {
  const wrong = ALL.filter(([, { help }]) => !/^[A-Z][^.]*\.$/.test(help));
  expect(wrong.map(([name]) => name)).toEqual([]);
});

it('the table of metrics gives a unit to each number, and none to a text', () => {
  const wrong = ALL.filter(([, { kind, unit }]) => (kind === 'label') !== (unit === 'none'));
  expect(wrong.map(([name]) => name)).toEqual([]);
});

it('every metric is shown by `stats`: under a name of memcached, or one that begins with memchorus_', () => {
  const general: readonly string[] = GROUPS.general;
  const hidden = METRIC_NAMES.filter((name) => !name.startsWith('memchorus_') && !general.includes(name));
  expect(hidden).toEqual([]);
});
