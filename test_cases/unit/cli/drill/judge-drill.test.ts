import { describe, expect, it } from 'vitest';
import { judgeDrill } from '../../../../src/cli/drill/judge-drill.ts';
import { goneWrites } from '../../../../src/cli/drill/lossy-kills.ts';
import { LEVELS, type Level } from '../../../../src/placement/level.ts';
import { drillOperations, drillRecord } from '../../../support/drill-lines.ts';

const FRESH = ['0 at 0: set x v1 #1 @0-1', '0 at 0: set x v2 #2 @2-3', '1 at 1: get x v2 #2 @4-5'];
const STALE = ['0 at 0: set x v1 #1 @0-1', '0 at 0: set x v2 #2 @2-3', '1 at 1: get x v1 #1 @4-5'];
const TWO_ORDERS = [
  '0 at 0: set x v1 #1 @0-1',
  '1 at 1: set y v2 #2 @0-1',
  '0 at 0: get y nothing @2-3',
  '1 at 1: get x nothing @2-3',
];
const NO_CAUSE = [
  '0 at 0: set x v1 #1 @0-1',
  '1 at 1: get x v1 #1 @2-3',
  '1 at 1: set y v2 #2 @4-5',
  '2 at 2: get y v2 #2 @6-7',
  '2 at 2: get x nothing @8-9',
];
const BACK = [
  '0 at 0: set x v1 #1 @0-1',
  '0 at 0: set x v2 #2 @0-1',
  '1 at 1: get x v2 #2 @2-3',
  '1 at 1: get x v1 #1 @4-5',
];

const HISTORIES: readonly [string, readonly string[], Level | null][] = [
  ['a fresh read', FRESH, null],
  ['a stale read', STALE, 'linearizability'],
  ['two clients that miss the write of the other', TWO_ORDERS, 'sequential'],
  ['an effect without its cause', NO_CAUSE, 'causal'],
  ['a connection that goes back', BACK, 'eventual'],
];

describe('the verdict on a drill', () => {
  it.each(HISTORIES)('on %s is that of each level', (_, lines, forbiddenFrom) => {
    const weakest = forbiddenFrom === null ? -1 : LEVELS.indexOf(forbiddenFrom);
    const ends = lines.some((line) => line.includes('v2 #2') && line.includes(' x '))
      ? ['v2#2', 'v2#2', 'v2#2']
      : ['v1#1', 'v1#1', 'v1#1'];
    const verdicts = LEVELS.map((level) => judgeDrill(level, drillRecord(lines, ends)).kind);
    expect(verdicts).toEqual(LEVELS.map((_, at) => (at <= weakest ? 'broken' : 'kept')));
  });

  it('shows the fewest operations, and nothing of what is beside the point', () => {
    const others = ['3 at 2: set y v3 #3 @0-1', '3 at 2: get y v3 #3 @2-3', '4 at 2: get x v2 #2 @6-7'];
    const verdict = judgeDrill('linearizability', drillRecord([...others, ...STALE], ['v2#2', 'v2#2']));
    expect(verdict).toMatchObject({ kind: 'broken', isMinimal: true, proof: drillOperations(...STALE) });
  });

  it('calls a value that nobody wrote invented, and one that was refused by its name', () => {
    const invented = judgeDrill('eventual', drillRecord(['0 at 0: get x v1 #1 @0-1']));
    expect(invented).toMatchObject({ kind: 'broken', why: expect.stringContaining('by nobody') });
    const refused = judgeDrill(
      'eventual',
      drillRecord(['0 at 0: set x v1 @0-1!', '1 at 0: get x v1 #1 @2-3']),
    );
    expect(refused).toMatchObject({ kind: 'broken', why: expect.stringContaining('was refused') });
    expect(refused.kind === 'broken' && refused.proof).toHaveLength(2);
  });

  it.each(LEVELS)('at %s lets a write without an answer happen at any time, or never', (level) => {
    const lost = '0 at 0: set x v2 @2-3?';
    expect(judgeDrill(level, drillRecord([FRESH[0]!, lost], ['v1#1', 'v1#1'])).kind).toBe('kept');
    const late = [FRESH[0]!, lost, '1 at 1: get x v1 #1 @4-5', '1 at 1: get x v2 #2 @6-7'];
    expect(judgeDrill(level, drillRecord(late, ['v2#2', 'v2#2'])).kind).toBe('kept');
  });

  it.each(LEVELS)('at %s misses an answered write that a controller does not show in the end', (level) => {
    const verdict = judgeDrill(level, drillRecord(FRESH, ['v2#2', 'v1#1', 'v2#2']));
    expect(verdict.kind).toBe('broken');
    if (level === 'eventual')
      expect(verdict).toMatchObject({ why: expect.stringContaining('gone from controller 1') });
  });

  it('wants all controllers to end up equal', () => {
    const unanswered = [FRESH[0]!, '0 at 0: set x v2 @2-3?'];
    const verdict = judgeDrill('eventual', drillRecord(unanswered, ['v1#1', 'v2#2']));
    expect(verdict).toMatchObject({
      kind: 'broken',
      why: expect.stringContaining('did not end up with the same'),
    });
  });

  it('is never that the level was kept when the ends are not known', () => {
    expect(judgeDrill('eventual', drillRecord(FRESH)).kind).toBe('undecided');
    expect(judgeDrill('linearizability', drillRecord(STALE)).kind).toBe('broken');
  });

  it('is undecided when the versions give no order, and nothing contradicts one', () => {
    const lines = ['0 at 0: set x v1 #2 @0-1', '0 at 0: set x v2 #1 @2-3'];
    expect(judgeDrill('sequential', drillRecord(lines, ['v1#2', 'v1#2'])).kind).toBe('undecided');
  });
});

describe('what a kill may cost', () => {
  const LOST = [
    '0 at 1: set x v1 #1 @0-1',
    '0 at 1: set x v2 #2 @2000-2001',
    '1 at 1: get x v2 #2 @2002-2003',
  ];
  const LATER = ['1 at 0: get x v1 #1 @3000-3001', '0 at 0: get x v1 #1 @3000-3001'];

  it.each(['causal', 'eventual'] as const)('is not held against the cluster at %s', (level) => {
    const record = (kills: { controller: number; atMs: number }[]) =>
      drillRecord([...LOST, ...LATER], ['v1#1', 'v1#1'], kills);
    expect(judgeDrill(level, record([])).kind).toBe('broken');
    expect(judgeDrill(level, record([{ controller: 1, atMs: 2_500 }])).kind).toBe('kept');
    expect(judgeDrill(level, record([{ controller: 0, atMs: 2_500 }])).kind).toBe('broken');
    expect(judgeDrill(level, record([{ controller: 1, atMs: 9_000 }])).kind).toBe('broken');
  });

  it.each(['linearizability', 'sequential'] as const)(
    'is not held against the cluster at %s, when all controllers were killed',
    (level) => {
      const kills = [0, 1].map((controller) => ({ controller, atMs: 2_500 }));
      const record = drillRecord([...LOST, ...LATER], ['v1#1', 'v1#1'], kills);
      expect(judgeDrill(level, record).kind).toBe('kept');
      expect(goneWrites(record).map(({ value }) => value)).toEqual(['v2']);
      const longBefore = { ...record, lossyKills: kills.map((kill) => ({ ...kill, atMs: 9_000 })) };
      expect(judgeDrill(level, longBefore).kind).toBe('broken');
      expect(goneWrites(longBefore)).toEqual([]);
    },
  );

  it('is not lost where a controller still shows it, or something newer', () => {
    const kills = [{ controller: 1, atMs: 2_500 }];
    expect(goneWrites(drillRecord(LOST, ['v1#1', 'v2#2'], kills))).toEqual([]);
    expect(goneWrites(drillRecord(LOST, ['v3#3', 'v3#3'], kills))).toEqual([]);
    expect(goneWrites(drillRecord(LOST, [], kills))).toEqual([]);
  });

  it('excuses nothing else of what was seen', () => {
    const kills = [{ controller: 1, atMs: 2_500 }];
    const back = ['2 at 0: get x v2 #2 @3000-3001', '2 at 0: get x v1 #1 @3002-3003'];
    expect(judgeDrill('eventual', drillRecord([...LOST, ...back], ['v1#1', 'v1#1'], kills)).kind).toBe(
      'broken',
    );
  });
});
