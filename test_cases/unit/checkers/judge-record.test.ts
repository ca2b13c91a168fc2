import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Action, Answer, Event } from '../../../src/checkers/history.ts';
import { COUNTER, judge, type Level } from '../../support/judge-record.ts';

const stored: Answer = { kind: 'word', word: 'stored' };
const shown = (value: string | null): Answer => ({ kind: 'value', value });

/** Operations one after the other, each by the client that it names. */
function inTurn(...operations: [client: number, key: string, action: Action, answer: Answer][]): Event[] {
  return operations.map(([client, key, action, answer], at) => {
    return { client, key, action, answer, invokedAt: 2 * at, returnedAt: 2 * at + 1 };
  });
}

/** What the judge says, without the file that it leaves; null when nothing is wrong. */
function verdict(level: Level, history: Event[], ...finalReads: Record<string, string>[]): string | null {
  const record = { history, seen: [], violations: [], reasons: new Set<string>() };
  const states = finalReads.map((one) => new Map(Object.entries({ [COUNTER]: '0', ...one })));
  try {
    judge(level, record, states);
    return null;
  } catch (error) {
    const { message } = error as Error;
    rmSync(dirname(/(\S+)$/.exec(message)![1]!), { recursive: true });
    return message;
  }
}

const WRITE = [0, 'pair-0-left', { kind: 'set', value: '1000' }, stored] as const;
const STALE = inTurn([...WRITE], [1, 'pair-0-left', { kind: 'get' }, shown(null)]);
const OWN_STALE = inTurn([...WRITE], [0, 'pair-0-left', { kind: 'get' }, shown(null)]);
const FINE = { 'pair-0-left': '1000' };

describe('the judge of recorded loads', () => {
  it('allows what is right', () => {
    const history = inTurn([...WRITE], [1, 'pair-0-left', { kind: 'get' }, shown('1000')]);
    expect(verdict('linearizability', history, FINE, FINE)).toBeNull();
    expect(verdict('sequential', history, FINE, FINE)).toBeNull();
  });

  it("finds a read that is behind another client's write at linearizability, and allows it at sequential", () => {
    expect(verdict('linearizability', STALE, FINE, FINE)).toMatch(/^pair-0-left is not linearizable/);
    expect(verdict('sequential', STALE, FINE, FINE)).toBeNull();
  });

  it("finds a read that is behind the client's own write at sequential", () => {
    expect(verdict('sequential', OWN_STALE, FINE, FINE)).toMatch(/^pair-0 is not sequentially consistent/);
  });

  it('finds controllers that differ in the end, values that nobody wrote, and lost counts', () => {
    const history = inTurn([...WRITE], [1, COUNTER, { kind: 'incr', by: 1 }, shown('1')]);
    const counted = { ...FINE, [COUNTER]: '1' };
    expect(verdict('sequential', history, counted, counted)).toBeNull();
    expect(verdict('sequential', history, counted, { [COUNTER]: '1' })).toMatch(/pair-0-left differs/);
    expect(verdict('sequential', history, FINE, FINE)).toMatch(/counter counted 0; 1 were answered/);
    const invented = { ...counted, 'pair-0-left': '2000' };
    expect(verdict('sequential', history, invented, invented)).toMatch(/nobody wrote 2000/);
  });
});
