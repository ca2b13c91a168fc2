import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../../src/base/duration-histogram.ts';
import type { Family, Scrape } from '../../../../src/controller/metrics/exposition/family.ts';
import { writeExposition } from '../../../../src/controller/metrics/exposition/write-exposition.ts';
import { parseExposition, parserObstacle } from '../../../support/prometheus-parser.ts';

const SCRAPE = {} as Scrape;

function durationsOf(...ms: readonly number[]): DurationHistogram {
  const durations = new DurationHistogram();
  for (const one of ms) durations.observe(one);
  return durations;
}

const FAMILIES: readonly Family[] = [
  {
    name: 'a_total',
    type: 'counter',
    help: 'Line 1\nand a \\ here.',
    read: () => [{ labels: { path: 'C:\\x "y"\nz', other: 'ü' }, value: 12 }],
  },
  {
    name: 'b_seconds',
    type: 'gauge',
    help: 'B.',
    read: () => [{ labels: {}, value: Number.POSITIVE_INFINITY }],
  },
  { name: 'c_seconds', type: 'counter', help: 'C.', read: () => [{ labels: {}, value: 0.1 }] },
  { name: 'd_info', type: 'info', help: 'D.', read: () => [{ labels: { version: '1' }, value: 1 }] },
  { name: 'e', type: 'gauge', help: 'E.', read: () => [{ labels: {}, value: Number.NaN }] },
  {
    name: 'f_seconds',
    type: 'histogram',
    help: 'F.',
    read: () => [{ labels: { command: 'get' }, durations: durationsOf(0.04, 3, 3, 60_000) }],
  },
];

it('the text format has HELP and TYPE before the samples of each family, and no family without samples', () => {
  const lines = writeExposition(FAMILIES, SCRAPE, 'text').split('\n');
  expect(lines.slice(0, 11)).toEqual([
    '# HELP a_total Line 1\\nand a \\\\ here.',
    '# TYPE a_total counter',
    'a_total{path="C:\\\\x \\"y\\"\\nz",other="ü"} 12',
    '# HELP b_seconds B.',
    '# TYPE b_seconds gauge',
    'b_seconds +Inf',
    '# HELP c_seconds C.',
    '# TYPE c_seconds counter',
    'c_seconds 0.1',
    '# HELP d_info D.',
    '# TYPE d_info gauge',
  ]);
  expect(lines.filter((line) => line.includes(' e'))).toEqual([]);
  expect(lines.at(-1)).toBe('');
});

it('the buckets of a histogram are cumulative', () => {
  const lines = writeExposition(FAMILIES, SCRAPE, 'text').split('\n');
  const starting = (text: string) => lines.filter((line) => line.startsWith(text));
  expect(starting('f_seconds_bucket{command="get",le="0.00005"}')).toEqual([
    'f_seconds_bucket{command="get",le="0.00005"} 1',
  ]);
  expect(starting('f_seconds_bucket{command="get",le="0.005"}')).toEqual([
    'f_seconds_bucket{command="get",le="0.005"} 3',
  ]);
  expect(starting('f_seconds_bucket{command="get",le="10.0"} 3')).toHaveLength(1);
  expect(starting('f_seconds_bucket{command="get",le="+Inf"} 4')).toHaveLength(1);
  expect(starting('f_seconds_sum')).toEqual(['f_seconds_sum{command="get"} 60.00604']);
  expect(starting('f_seconds_count')).toEqual(['f_seconds_count{command="get"} 4']);
});

it('OpenMetrics names units, takes the endings off the names of families, and ends with EOF', () => {
  const text = writeExposition(FAMILIES, SCRAPE, 'openmetrics');
  expect(text).toContain('# TYPE a counter\n# HELP a Line');
  expect(text).toContain('\na_total{');
  expect(text).toContain(
    '# TYPE c_seconds unknown\n# UNIT c_seconds seconds\n# HELP c_seconds C.\nc_seconds 0.1\n',
  );
  expect(text).toContain('# TYPE d info\n# HELP d D.\nd_info{version="1"} 1\n');
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

describe.skipIf(parserObstacle !== null)(`a parser that is not ours ${parserObstacle ?? ''}`, () => {
  it.each(['text', 'openmetrics'] as const)('reads the %s format, with the same samples', (format) => {
    const families = parseExposition(writeExposition(FAMILIES, SCRAPE, format), format);
    const samples = families.flatMap(({ samples: all }) => all);
    expect(samples.find(({ name }) => name === 'a_total')).toEqual({
      name: 'a_total',
      labels: { path: 'C:\\x "y"\nz', other: 'ü' },
      value: '12.0',
    });
    expect(families.find(({ name }) => name === 'a')!.help).toBe('Line 1\nand a \\ here.');
    expect(samples.find(({ name }) => name === 'b_seconds')!.value).toBe('inf');
    expect(families.find(({ name }) => name === 'f_seconds')!.type).toBe('histogram');
    expect(samples.filter(({ name }) => name === 'f_seconds_bucket')).toHaveLength(18);
  });
});
