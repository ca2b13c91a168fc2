import { describe, expect, it } from 'vitest';
import { goalsOf } from '../../../bench/goals.ts';
import { cpuSecondsIn, machineTimeIn } from '../../../bench/processes.ts';
import { compare } from '../../../bench/report/comparison.ts';
import { pageOf } from '../../../bench/report/page.ts';
import { textReport } from '../../../bench/report/text-report.ts';
import { type Cell, figureOf, type Results, type Round, spreadOf } from '../../../bench/results.ts';

const ROUND: Round = {
  seconds: 2,
  operations: 2000,
  total: 2500,
  gets: 0,
  misses: 0,
  errors: 0,
  firstError: '',
  unfinished: 0,
  valueBytes: 200_000,
  cpuSeconds: 0.5,
  meanUs: 10,
  p50Us: 10,
  p90Us: 10,
  p99Us: 10,
  p999Us: 10,
  maxUs: 10,
  foreignCpu: 0.25,
  cpu: [
    { role: 'front', name: 'controller-0', seconds: 0.1 },
    { role: 'front', name: 'controller-1', seconds: 0.15 },
    { role: 'store', name: 'memcached-0', seconds: 0.25 },
  ],
};

function cell(group: string, scenario: string, subject: string, ...operations: number[]): Cell {
  const rounds = operations.map((count) => ({ ...ROUND, operations: count }));
  return { group, scenario, title: scenario, subject, rounds };
}

function results(...cells: Cell[]): Results {
  return {
    format: 1,
    date: '2026-01-01T00:00:00.000Z',
    commit: 'abc',
    machine: {
      cpu: 'a <cpu> & more',
      cores: 2,
      memoryBytes: 1e9,
      kernel: 'Linux',
      fileSystem: 'ext4',
      loadAverage: [0, 0, 0],
      versions: { node: 'v24' },
    },
    options: { rounds: 3, seconds: 2 },
    subjects: { nutcracker: 'a proxy' },
    skipped: [{ what: 'small: etcd', why: 'etcd is not installed' }],
    failures: ['small: get: nutcracker: 1 of 2 failed'],
    cells,
    memory: [],
  };
}

describe('figures', () => {
  it('have a median and a range, for odd and even numbers of rounds', () => {
    expect(spreadOf([30, 1, 2])).toEqual({ median: 2, least: 1, most: 30 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
  });

  it('are per second of the window, and CPU time is per operation of the whole load', () => {
    const one = cell('small', 'set', 'nutcracker', 2000);
    expect(figureOf(one, 'perSecond').median).toBe(1000);
    expect(figureOf(one, 'bytesPerSecond').median).toBe(100_000);
    expect(figureOf(one, 'frontCpuUs').median).toBeCloseTo(100);
    expect(figureOf(one, 'cpuUs').median).toBeCloseTo(200);
  });

  it('take CPU time from the right fields, whatever the name of the process', () => {
    const stat = '7 (a) b (c d) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0';
    expect(cpuSecondsIn(stat)).toBe(3);
  });

  it('include the busy time of the machine', () => {
    const stat = 'cpu  100 50 30 700 20 10 40 50 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
    expect(machineTimeIn(stat)).toEqual({ total: 10, busy: 2.8 });
  });
});

describe('goals', () => {
  const goal = (all: Results, words: string) => goalsOf(all).find(({ what }) => what.startsWith(words))!;

  it('are met from the target on', () => {
    const redis = cell('small', 'set-16', 'redis-wait', 1000);
    const met = results(redis, cell('small', 'set-16', 'memchorus linearizability', 1500));
    const missed = results(redis, cell('small', 'set-16', 'memchorus linearizability', 1499));
    expect(goal(met, 'set, 16 in flight')).toMatchObject({ met: true, ratio: 1.5 });
    expect(goal(missed, 'set, 16 in flight')).toMatchObject({ met: false });
  });

  it('say that one of the two sides was not measured', () => {
    const alone = results(cell('small', 'get', 'memchorus linearizability', 1));
    expect(goal(alone, 'linearizable get')).toMatchObject({ met: null, ratio: null, detail: 'not measured' });
  });

  it('compare clusters with the smallest one: writes may fall as 1/N, and no faster', () => {
    const sized = (size: number, rate: number) =>
      cell('controllers', 'set', `memchorus linearizability x${size}`, rate);
    const all = results(sized(7, 300), sized(3, 1000), sized(5, 600));
    expect(goal(all, 'sets per second × controllers, 5')).toMatchObject({ met: true, ratio: 1 });
    expect(goal(all, 'sets per second × controllers, 7')).toMatchObject({ met: false });
  });

  it('use the largest idle controller, and the cluster with most keys', () => {
    const memory = (keys: number, idle: number, loaded: number) => ({
      subject: `${keys}`,
      keys,
      idle: { bytes: idle, privateBytes: idle },
      loaded: { bytes: loaded, privateBytes: loaded },
    });
    const all = { ...results(), memory: [memory(10, 60e6, 61e6), memory(1e6, 70e6, 370e6)] };
    expect(goal(all, 'resident memory of an idle')).toMatchObject({ met: true, ratio: 70e6 / 80e6 });
    expect(goal(all, 'resident bytes per key').detail).toMatch(/^300 with 1000000 keys/);
  });
});

describe('reports', () => {
  const all = results(cell('small', 'get', 'nutcracker', 10, 20, 30));

  it('show figures, goals, skipped parts and failures', () => {
    const text = textReport(all, goalsOf(all));
    for (const words of [
      'nutcracker',
      '10 (5-15)',
      'other work took 25 %',
      'etcd is not installed',
      '1 of 2 failed',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('make a page that loads nothing from elsewhere, and escapes foreign text', () => {
    const page = pageOf(all, goalsOf(all));
    expect(page).toContain('a &lt;cpu&gt; &amp; more');
    expect(page).not.toMatch(/<(script|link|img|iframe)|url\(|https?:/);
    expect(page).toContain('<svg');
  });

  it('report a change only when the ranges of the rounds do not overlap', () => {
    const before = results(cell('small', 'get', 'a', 10, 12, 14), cell('small', 'get', 'b', 10, 12, 14));
    const after = results(cell('small', 'get', 'a', 13, 15, 17), cell('small', 'get', 'b', 15, 16, 17));
    const [a, b] = compare(before, after)
      .split('\n')
      .filter((line) => line.startsWith('small get'));
    expect(a).not.toMatch(/more|less/);
    expect(b).toMatch(/1\.33 +more/);
  });
});
