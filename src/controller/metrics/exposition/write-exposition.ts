import { DURATION_BOUNDS_MS, type DurationHistogram } from '../../../base/duration-histogram.ts';
import type { Family, Labels, Sample, Scrape } from './family.ts';

/**
 * Prometheus' text format, and OpenMetrics 1.0. They differ in a few details, and not in the names of the samples.
 */
export type ExpositionFormat = 'text' | 'openmetrics';

/** A family without samples is left out. */
export function writeExposition(
  families: readonly Family[],
  scrape: Scrape,
  format: ExpositionFormat,
): string {
  const lines: string[] = [];
  for (const family of families) {
    const samples = samplesOf(family, scrape);
    if (samples.length > 0) lines.push(...headOf(family, format), ...samples);
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

const UNITS = ['seconds', 'bytes'] as const;

/**
 * OpenMetrics names a counter without `_total`, and an information without `_info`. A counter whose name is
 * memcached_exporter's and has no `_total` is of an unknown type there, because its name has to stay the same.
 */
function headOf({ name, type, help }: Family, format: ExpositionFormat): string[] {
  const text = help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  if (format === 'text')
    return [`# HELP ${name} ${text}`, `# TYPE ${name} ${type === 'info' ? 'gauge' : type}`];
  const base = name.replace(/_(total|info)$/, '');
  const isUnknown = type === 'counter' && base === name;
  const unit = UNITS.find((one) => base.endsWith(`_${one}`));
  return [
    `# TYPE ${base} ${isUnknown ? 'unknown' : type}`,
    ...(unit === undefined ? [] : [`# UNIT ${base} ${unit}`]),
    `# HELP ${base} ${text}`,
  ];
}

function samplesOf(family: Family, scrape: Scrape): string[] {
  if (family.type === 'histogram')
    return family
      .read(scrape)
      .flatMap(({ labels, durations }) => histogramLines(family.name, labels, durations));
  return family
    .read(scrape)
    .filter(({ value }) => !Number.isNaN(value))
    .map((sample) => line(family.name, sample));
}

function histogramLines(name: string, labels: Labels, { counts, sumMs }: DurationHistogram): string[] {
  let count = 0;
  const buckets = Array.from(counts, (here, bucket) => {
    count += here;
    return line(`${name}_bucket`, { labels: { ...labels, le: boundText(bucket) }, value: count });
  });
  return [
    ...buckets,
    line(`${name}_sum`, { labels, value: sumMs / 1000 }),
    line(`${name}_count`, { labels, value: count }),
  ];
}

/** A whole number of seconds is written with a decimal point, as OpenMetrics has it. */
function boundText(bucket: number): string {
  const ms = DURATION_BOUNDS_MS[bucket];
  if (ms === undefined) return '+Inf';
  return ms % 1000 === 0 ? `${ms / 1000}.0` : `${ms / 1000}`;
}

function line(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  return value > 0 ? '+Inf' : '-Inf';
}
