import { describe, expect, it } from 'vitest';
import { lanesOf } from '../../../../src/cli/levels/lanes.ts';
import type { Recording } from '../../../../src/cli/levels/recording.ts';
import { chartOf } from '../../../../src/cli/levels/recording-chart.ts';
import { brokenPromises, type Findings, reportOf } from '../../../../src/cli/levels/report.ts';
import { verdictsOn } from '../../../../src/cli/levels/verdicts.ts';
import type { Look } from '../../../../src/cli/look.ts';
import { recordingOf } from '../../../support/level-recordings.ts';

const STALE = ['Ann set price 10 @0-1', 'Ann set price 12 @2-3', 'Ben get price 10 @4-5'];
const WAITED = ['Ann set price 10 @0-1', 'Ann set price 12 @2-3', 'Ben get price 12 @4-95 waited'];
const FRESH = ['Ann set price 10 @0-1', 'Ann set price 12 @2-3', 'Ben get price 12 @4-5'];

const PRICE = { p50Ms: 0.1234, p99Ms: 10, perSecond: 12345.6 };

function findingsOf(recordings: readonly Recording[], isMeasured = true): Findings {
  const levels = [...new Set(recordings.map(({ level }) => level))];
  return {
    stores: 'memcached 1.2.3',
    levels,
    judged: recordings.map((recording) => ({ recording, verdicts: verdictsOn(recording) })),
    prices: isMeasured ? new Map(levels.map((level) => [level, { set: PRICE, get: PRICE }])) : null,
    measuredMs: 1500,
  };
}

const plain = (width: number): Look => ({ width, paint: (text) => text });

describe('the lanes', () => {
  it('show a request where it was sent and, if it had to wait, where it was answered', () => {
    expect(lanesOf(chartOf(recordingOf('stale-read', 'linearizability', WAITED)), 77)).toEqual([
      '   ms  Ann, at controller 0            Ben, at controller 2',
      '    0  set price 10 → ok',
      '    2  -- held back: what controller 1 sends to controller 2 ----------------',
      '    2  set price 12 → ok',
      '    4                                  get price ...',
      '   91  -- let through -------------------------------------------------------',
      '   95                                  ... → 12',
      '                                       (waited 91 ms)',
    ]);
  });

  it('show once what a client asked again and again in vain, whatever the others did meanwhile', () => {
    const lines = [
      'Ann set price 10 @3-8',
      'Ben get price nothing @2-4',
      'Ben get price nothing @5-6',
      'Ben get price nothing @7-8',
      'Ben get price 10 @9-9',
    ];
    expect(lanesOf(chartOf(recordingOf('stale-read', 'eventual', lines)), 60).slice(2, 6)).toEqual([
      '    2                             get price → nothing',
      '                                  (3 times until 8)',
      '    3  set price 10 → ok',
      '    9                             get price → 10',
    ]);
  });

  it('share one lane where lines are short', () => {
    expect(lanesOf(chartOf(recordingOf('stale-read', 'sequential', STALE)), 40)).toEqual([
      '       Ann, at controller 0',
      '       Ben, at controller 2',
      '    0  Ann  set price 10 → ok',
      '    2  -- held back: what controller 1 sends to controller 2',
      '    2  Ann  set price 12 → ok',
      '    4  Ben  get price → 10',
      '   91  -- let through ------------------',
    ]);
  });
});

describe('the report', () => {
  const findings = findingsOf([
    recordingOf('stale-read', 'linearizability', WAITED),
    recordingOf('stale-read', 'sequential', STALE),
    recordingOf('stale-read', 'causal', FRESH),
    recordingOf('stale-read', 'eventual', FRESH),
  ]);
  const lines = reportOf(findings, plain(80)).split('\n');

  it('shows levels at which clients saw the same together', () => {
    expect(lines.filter((line) => line.includes('Seen at'))).toEqual([
      '   Seen at linearizability:',
      '   Seen at sequential:',
      '   Seen at causal and eventual (times: causal):',
    ]);
  });

  it('does so also where a client asked in vain at first', () => {
    const inVain = [...FRESH.slice(0, 2), 'Ben get price nothing @4-5', 'Ben get price 12 @6-7'];
    const both = findingsOf([
      recordingOf('stale-read', 'causal', FRESH),
      recordingOf('stale-read', 'eventual', inVain),
    ]);
    expect(reportOf(both, plain(80))).toContain('Seen at causal and eventual');
  });

  it('says which levels allow what was seen, and why the others do not', () => {
    const text = lines.map((line) => line.trim()).join(' ');
    expect(text).toContain(
      'Forbidden by linearizability: no order of the requests that agrees with real time',
    );
    expect(text).toContain(
      'Ann set price=10, Ann set price=12, Ben got price=10. Allowed by sequential, causal and',
    );
    expect(text.match(/Every level allows this\./g)).toHaveLength(2);
  });

  it('sums up what happened at each level', () => {
    expect(lines).toContain('                 linearizability  sequential  causal  eventual');
    expect(lines).toContain('   A stale read  waited           seen        -       -');
  });

  it('puts the prices side by side', () => {
    expect(lines).toContain('   linearizability    0.12   10.00  12346    0.12   10.00  12346');
    expect(lines.join(' ')).toContain('Measured for 1.5 s at each level');
    expect(reportOf({ ...findings, prices: null }, plain(80))).not.toContain('costs');
  });

  it.each([40, 60, 80, 100])('keeps its prose and charts within %i characters', (width) => {
    const wide = reportOf(findings, plain(width))
      .split('\n')
      .filter((line) => line.length > width);
    // The tables have as many columns as there are levels and prices, and one heading names the levels.
    const isTable = (line: string) =>
      /^ {3}(A stale read| {12}|\w+ {2})|linearizability {2}|Seen at|held back/.test(line);
    expect(wide.filter((line) => !isTable(line))).toEqual([]);
  });

  it('is coloured only as it is told', () => {
    const painted = reportOf(findings, { width: 80, paint: (text, colour) => `<${colour}>${text}` });
    expect(painted).toContain('<bad>Forbidden by linearizability');
    expect(painted).toContain('<good>Every level allows this.');
    expect(painted.replaceAll(/<\w+>/g, '')).toBe(lines.join('\n'));
  });
});

describe('a broken promise', () => {
  it('is what a level forbids that its own clients saw', () => {
    expect(brokenPromises(findingsOf([recordingOf('stale-read', 'sequential', STALE)]))).toEqual([]);
    const [broken, ...others] = brokenPromises(
      findingsOf([recordingOf('stale-read', 'linearizability', STALE)]),
    );
    expect(broken).toMatch(/^stale-read at linearizability: no order of the requests/);
    expect(others).toEqual([]);
  });
});
