import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { describeWith } from '../../support/programs.ts';
import { HAS_PROMTOOL, promtool, promtoolOn } from '../../support/promtool.ts';

/** Fires rules on series that a controller in trouble would have, as promtool's own unit tests do. */
interface FiringCase {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it fires, and when it does not yet. */
  readonly from: string;
  readonly before: string;
}

const FIRING: readonly FiringCase[] = [
  {
    alert: 'MemchorusControllerDown',
    series: { 'up{job="memchorus",instance="a:8000"}': '1 1 0x20' },
    before: '1m',
    from: '2m',
  },
  {
    alert: 'MemchorusNotServing',
    series: { 'memchorus_ready{job="memchorus",instance="a:8000"}': '1 1 0x20' },
    before: '45s',
    from: '2m',
  },
  {
    alert: 'MemchorusNoWrites',
    series: {
      'memchorus_keyspace_writes_ready{job="memchorus",instance="a:8000",keyspace="default"}': '1 1 0x20',
      'memchorus_keyspace_writes_ready{job="memchorus",instance="a:8001",keyspace="default"}': '1 1 1 0x20',
    },
    before: '45s',
    from: '2m',
  },
  {
    alert: 'MemchorusNoFailureTolerated',
    series: {
      'memchorus_view_members{job="memchorus",instance="a:8000"}': '3 3 2x40',
      'memchorus_peers{job="memchorus",instance="a:8000"}': '3x50',
    },
    before: '1m',
    from: '5m',
  },
];

const firingText = ({ alert, series, from, before }: FiringCase): string =>
  stringify({
    rule_files: [`${process.cwd()}/deploy/prometheus-alerts.yml`],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          { at: before, samples: [] },
          { at: from, samples: [{ labels: '{}', value: 1 }] },
        ].map(({ at, samples }) => ({
          expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
          eval_time: at,
          exp_samples: samples,
        })),
      },
    ],
  });

/** The expressions of the dashboard with values in the place of its variables, as rules that record them. */
function rulesOfDashboard(): string {
  const { panels } = JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const rules = exprs.map((expr, at) => ({
    record: `dashboard:expression_${at}`,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.+').replaceAll('$instance', '.+'),
  }));
  return stringify({ groups: [{ name: 'dashboard', rules }] });
}

describeWith('promtool (Debian: prometheus)', HAS_PROMTOOL, () => {
  it('takes the configuration of Prometheus, with the rules that it names', () => {
    const { status, printed } = promtool(['check', 'config', '--lint=all', 'deploy/prometheus.yml']);
    expect([status, printed]).toEqual([0, expect.stringContaining('1 rule files found')]);
    const rules = promtool(['check', 'rules', '--lint=all', 'deploy/prometheus-alerts.yml']);
    expect([rules.status, rules.printed]).toEqual([0, expect.stringMatching(/SUCCESS: \d\d rules found/)]);
  });

  it('takes every expression of the dashboard, and refuses a broken one', () => {
    const rules = rulesOfDashboard();
    expect(promtoolOn({ 'rules.yml': rules }, ['check', 'rules'])).toMatchObject({ status: 0 });
    const broken = rules.replace('rate(', 'rate((');
    expect(promtoolOn({ 'rules.yml': broken }, ['check', 'rules']).status).toBe(1);
  });

  it.each(FIRING)('$alert fires when it should, and not before', (one) => {
    expect(promtoolOn({ 'test.yml': firingText(one) }, ['test', 'rules'])).toMatchObject({ status: 0 });
  });
});
