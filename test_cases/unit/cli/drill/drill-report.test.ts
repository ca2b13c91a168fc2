import { describe, expect, it } from 'vitest';
import { findingsAsJson } from '../../../../src/cli/drill/drill-json.ts';
import { pageOf } from '../../../../src/cli/drill/drill-page.ts';
import {
  type DrillFindings,
  notesOn,
  planInWords,
  reportOfDrill,
  stepInWords,
} from '../../../../src/cli/drill/drill-report.ts';
import { judgeDrill } from '../../../../src/cli/drill/judge-drill.ts';
import type { Level } from '../../../../src/placement/level.ts';
import { drillRecord } from '../../../support/drill-lines.ts';

const STALE = ['0 at 0: set x v1 #1 @0-1', '0 at 0: set x v2 #2 @2-3', '1 at 1: get x v1 #1 @4-5'];
const PREFIX = 'memchorus-drill-7-1-';
const LOOK = { width: 80, paint: (text: string) => text };

function findingsOf(
  level: Level,
  lines: readonly string[] = STALE,
  trouble: string | null = null,
): DrillFindings {
  const record = drillRecord([...lines, '2 at 1: get y nothing @6-1506!'], ['v2#2', 'v2#2']);
  const keyspace = { name: 'default', prefix: '', level };
  return {
    plan: {
      target: {
        cluster: 'memchorus <b>',
        addresses: [8000, 8001].map((port) => ({ host: '127.0.0.1', port })),
        keyspace,
        keyspaces: [keyspace],
        durability: 'async',
      },
      cluster: null,
      faults: ['pause', 'store-kill'],
      forMs: 20_000,
      clients: 6,
      seed: 7,
      prefix: PREFIX,
    },
    facts: { controllers: 2, durability: 'async', levels: [level], storeObstacle: '', cutObstacle: '' },
    course: {
      record,
      steps: [{ atMs: 1_234, text: 'controller-1 (pid 7) stands still' }],
      faults: [{ name: 'pause', controller: 1, fromMs: 100, toMs: 700 }],
      refusedConnections: new Map([['connect ECONNREFUSED <8000>', 3]]),
      trouble,
      tookMs: 2_000,
    },
    verdict: judgeDrill(level, record),
  };
}

const textOf = (findings: DrillFindings) => reportOfDrill(findings, LOOK).join('\n');

describe('the report of a drill', () => {
  it('says before anything is done what it costs', () => {
    const { plan, facts } = findingsOf('sequential');
    const text = planInWords(plan, facts, LOOK).join('\n');
    expect(text).toContain('A drill: does it keep sequential?');
    expect(text).toMatch(/pause {8}a controller stands still \(SIGSTOP\), and goes on; costs nothing/);
    expect(text).toContain('costs the\n');
    expect(planInWords({ ...plan, faults: [] }, facts, LOOK).at(-1)).toBe(
      'Nothing is done to the cluster meanwhile.',
    );
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('has the steps in time order, the figures, the errors and the longest waits', () => {
    expect(stepInWords({ atMs: 1_234, text: 'x' })).toBe('   1.23 s  x');
    const text = textOf(findingsOf('sequential'));
    expect(text).toContain(
      'reads   3         0                1       1.5 s at controller 1, from 0.01 s on',
    );
    expect(text).toContain('1  it was not answered');
    expect(text).toContain('3  no connection: connect ECONNREFUSED <8000>');
  });

  it('names the answered writes that a kill has cost', () => {
    const findings = findingsOf('sequential');
    const { course } = findings;
    const lossyKills = [{ controller: 0, atMs: 100 }];
    const inWords = (ends: string[]) =>
      notesOn({
        ...findings,
        course: { ...course, record: { ...drillRecord(STALE, ends), lossyKills } },
      }).at(-1);
    expect(inWords(['v1#1', 'v1#1'])).toBe('Lost with the kill: 1 answered write (x=v2).');
    expect(inWords(['v2#2', 'v2#2'])).toBe('As far as the last reads show, no answered write was lost.');
  });

  it('says that the level was kept', () => {
    expect(textOf(findingsOf('sequential'))).toContain('Kept: sequential allows all');
  });

  it('shows as lanes what is not allowed', () => {
    const lines = textOf(findingsOf('linearizability')).split('\n');
    const at = lines.indexOf('The 3 operations that show it (none of them can be left out):');
    expect(lines.slice(at + 1).map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      'ms | c0, at 0 | c1, at 1',
      '0 | set x v1 → ok',
      '2 | set x v2 → ok',
      '4 | get x → v1',
    ]);
  });

  it('says why a drill ended early', () => {
    const text = textOf(findingsOf('sequential', STALE, 'it was late')).replaceAll('\n', ' ');
    expect(text).toContain('The drill ended early: it was late.');
  });

  it('is one object for programs', () => {
    const shown = JSON.parse(findingsAsJson(findingsOf('linearizability')));
    expect(shown.verdict).toMatchObject({ kind: 'broken', isMinimal: true });
    expect(shown.verdict.proof[0]).toMatchObject({ key: 'x', value: 'v1', version: '1' });
    expect(shown.seen.writes).toMatchObject({ answered: 2, unknown: 0, failed: 0 });
  });
});

describe('the page of a drill', () => {
  const page = pageOf(findingsOf('linearizability'));

  it('needs no other file, and is read by day and by night', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)|https?:|@import|url\(/);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('<svg');
  });

  it('shows the faults, the steps, the figures and the few operations', () => {
    expect(page).toContain('pause, from 0.10 to 0.70 s');
    expect(page).toContain('controller-1 (pid 7) stands still');
    expect(page).toContain('get x → v1');
    expect(page).not.toContain('NaN');
  });

  it('takes no markup from what a cluster said', () => {
    expect(page).toContain('connect ECONNREFUSED &lt;8000&gt;');
    expect(page).toContain('memchorus &lt;b&gt;');
    expect(page).not.toContain('<b>');
  });
});
