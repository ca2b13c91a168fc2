import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FAMILIES } from '../../../src/controller/metrics/exposition/exposition.ts';

/** The files in `deploy` for Prometheus and Grafana name only metrics that exist, in the way that their types allow. */

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (name: string) => readFileSync(`deploy/${name}`, 'utf8');
const alerts = (
  parse(read('prometheus-alerts.yml')) as { groups: readonly { rules: readonly AlertRule[] }[] }
).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('grafana-dashboard.json')) as { readonly panels: readonly Panel[] };
const charts = dashboard.panels.filter(({ type }) => type !== 'row');

/** Every expression of the two files, with where it stands. */
const EXPRESSIONS = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...charts.flatMap(({ title, targets }) => targets!.map(({ expr }) => [title, expr] as const)),
];

const TYPES = new Map(FAMILIES.map(({ name, type }) => [name, type]));
const OF_HISTOGRAM = /_(bucket|sum|count)$/;

/** The words of an expression that name metrics. */
function metricsIn(expr: string): readonly string[] {
  return expr.match(/\b(?:memchorus|memcached|process|nodejs)_\w+/g) ?? [];
}

function flawOf(metric: string, expr: string): string | null {
  const base = metric.replace(OF_HISTOGRAM, '');
  const type = TYPES.get(metric) ?? (TYPES.get(base) === 'histogram' ? 'histogram' : undefined);
  if (type === undefined) return `${metric} does not exist`;
  if (type === 'histogram' && metric === base)
    return `${metric} is a histogram: name its buckets, sum or count`;
  const isRated = new RegExp(`(rate|increase)\\(${metric}[{[]`).test(expr);
  const isCumulative = type === 'counter' || type === 'histogram';
  if (isCumulative !== isRated) return `${metric} is a ${type}, and ${isRated ? 'has' : 'needs'} a rate`;
  return null;
}

it('every expression names metrics that exist, and takes the rate of counters and of nothing else', () => {
  const flaws = EXPRESSIONS.flatMap(([where, expr]) =>
    metricsIn(expr).flatMap((metric) => flawOf(metric, expr)?.concat(`, in ${where}`) ?? []),
  );
  expect(EXPRESSIONS.length).toBeGreaterThan(50);
  expect(flaws).toEqual([]);
});

it('an expression that names none of our metrics is about whether Prometheus reaches a controller', () => {
  const others = EXPRESSIONS.filter(([, expr]) => metricsIn(expr).length === 0);
  expect(others.map(([where]) => where)).toEqual(['MemchorusControllerDown']);
});

describe('the alerts', () => {
  it('have names of their own, a severity, and say what is wrong and what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    const wrong = alerts.filter(({ labels, annotations: { summary, description, runbook } }) => {
      const isKnown = labels.severity === 'warning' || labels.severity === 'critical';
      return !isKnown || !summary || !/\.$/.test(description ?? '') || !/\.$/.test(runbook ?? '');
    });
    expect(wrong.map(({ alert }) => alert)).toEqual([]);
  });

  it('name sections of the page on operation that exist', () => {
    const page = readFileSync('docs/operation.md', 'utf8');
    const headings = [...page.matchAll(/^##+ (.+)$/gm)].map(([, heading]) => heading);
    const named = alerts.flatMap(({ annotations }) =>
      [...annotations.runbook!.matchAll(/"([^"]+)"/g)].map(([, name]) => name!),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !headings.includes(name))).toEqual([]);
  });

  it('use labels in their texts that the metrics have', () => {
    const labels = alerts.flatMap(({ annotations }) =>
      [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label),
    );
    expect(labels.filter((label) => !['instance', 'peer'].includes(label!))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('has panels with ids, titles and explanations of their own, which do not overlap', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
    expect(charts.filter(({ description }) => !/\.$/.test(description ?? ''))).toEqual([]);
    const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, i) => `${x + (i % w)}:${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { w, x } }) => x + w > 24)).toEqual([]);
  });

  it('asks for the job and the controller that are chosen', () => {
    const exprs = charts.flatMap(({ targets }) => targets!.map(({ expr }) => expr));
    expect(exprs.filter((expr) => !expr.includes('job=~"$job",instance=~"$instance"'))).toEqual([]);
  });
});

it('Prometheus is told where the rules are, and the port of every controller', () => {
  const config = parse(read('prometheus.yml')) as {
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly {
      readonly job_name: string;
      readonly static_configs: readonly { readonly targets: readonly string[] }[];
    }[];
  };
  expect(config.rule_files).toEqual(['prometheus-alerts.yml']);
  expect(config.scrape_configs[0]!.static_configs[0]!.targets).toEqual(
    [8000, 8001, 8002].map((port) => `127.0.0.1:${port}`),
  );
  expect(alerts.find(({ alert }) => alert === 'MemchorusControllerDown')!.expr).toContain(
    `job="${config.scrape_configs[0]!.job_name}"`,
  );
});
