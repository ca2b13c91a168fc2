import { describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../../src/checkers/causal-convergence.ts';
import { fewest, orphansIn } from '../../../src/checkers/fewest.ts';
import type { Event } from '../../../src/checkers/history.ts';
import { isSequentiallyConsistent } from '../../../src/checkers/sequential-consistency.ts';
import {
  findOrderContradiction,
  isOrderedByVersions,
  judgeOrder,
  type VersionedEvent,
} from '../../../src/checkers/sequential-order.ts';
import { randomSessions } from '../../support/random-sessions.ts';
import { sessionEvents } from '../../support/session-lines.ts';

const SMALL = { sessions: 3, keys: 2, events: 9, wrong: 0.3 };
const SEEDS = 1_500;

/** The same for the checker that searches for an order. */
function forSearch(history: readonly VersionedEvent[]): Event[] {
  return history.map(({ session, key, kind, value }, at) => ({
    client: session,
    key,
    action: kind === 'write' ? { kind: 'set', value: value! } : { kind: 'get' },
    answer: kind === 'write' ? { kind: 'word', word: 'stored' } : { kind: 'value', value },
    invokedAt: at,
    returnedAt: at,
  }));
}

describe('sequential consistency of long histories', () => {
  it('is decided as by the search for an order, and a contradiction is seldom missed', () => {
    const found = { kept: 0, broken: 0, undecided: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const history = randomSessions(seed, SMALL);
      const isRight = isSequentiallyConsistent(forSearch(history));
      const { kind } = judgeOrder(history);
      found[kind]++;
      if (kind !== 'undecided') expect(kind, `seed ${seed}`).toBe(isRight ? 'kept' : 'broken');
      else expect(isRight || findOrderContradiction(history) === null, `seed ${seed}`).toBe(true);
    }
    expect(Math.min(found.kept, found.broken)).toBeGreaterThan(SEEDS / 10);
    expect(found.undecided).toBeLessThan(SEEDS / 4);
  });

  it('takes any order that explains the answers, and no versions that do not', () => {
    const history = randomSessions(7, { ...SMALL, events: 200, wrong: 0 });
    expect(isOrderedByVersions(history)).toBe(true);
    const reversed = history.map((event) => ({
      ...event,
      version: event.version === null ? null : -event.version,
    }));
    expect(isOrderedByVersions(reversed)).toBe(false);
    expect(judgeOrder(reversed)).toEqual({ kind: 'undecided' });
  });

  it('does not take one value for two writes, nor one version', () => {
    const event = (key: string, kind: 'read' | 'write', value: string, version: bigint): VersionedEvent => ({
      session: 0,
      key,
      kind,
      value,
      version,
    });
    expect(isOrderedByVersions([event('x', 'write', '1', 1n), event('x', 'read', '1', 2n)])).toBe(false);
    expect(isOrderedByVersions([event('x', 'write', '1', 1n), event('y', 'write', '2', 1n)])).toBe(false);
  });

  it('places a write without an answer by those that read it, and leaves it out if nobody did', () => {
    const lost = { session: 0, key: 'x', kind: 'write', value: '1', version: null, isUnknown: true } as const;
    const read = { session: 1, key: 'x', kind: 'read', value: '1', version: 5n } as const;
    expect(isOrderedByVersions([lost])).toBe(true);
    expect(isOrderedByVersions([lost, read])).toBe(true);
    expect(isOrderedByVersions([read])).toBe(true);
    expect(judgeOrder([{ ...read, version: null }])).toMatchObject({ kind: 'broken' });
  });

  it.each([
    ['two sessions that each miss the write of the other', ['0 x=1', '0 y:', '1 y=1', '1 x:']],
    ['two orders of two writes', ['0 x=1', '1 x=2', '2 x:1', '2 x:2', '3 x:2', '3 x:1']],
    ['a value that nobody wrote', ['0 x:1']],
  ])('finds %s without any versions', (_, lines) => {
    expect(findOrderContradiction(sessionEvents(...lines))).not.toBeNull();
  });
});

describe('histories of a drill', () => {
  const LONG = { sessions: 9, keys: 200, events: 12_000, wrong: 0 };

  it('are judged in time', () => {
    const history = randomSessions(1, LONG);
    expect(judgeOrder(history)).toEqual({ kind: 'kept' });
    expect(findOrderContradiction(history)).toBeNull();
    expect(findCausalViolation(history)).toBeNull();
  });

  it('with one wrong read in them are broken, and shrunk to the few that show it', () => {
    const history = randomSessions(1, { ...LONG, events: 3_000 });
    const at = history.findLastIndex(({ kind, version }) => kind === 'read' && version !== null);
    const { session, key } = history[at]!;
    const own = { session, key, kind: 'write', value: 'own', version: 1_000_000n } as const;
    const wrong = [...history.slice(0, at), own, ...history.slice(at)];
    expect(judgeOrder(wrong).kind).toBe('broken');
    const { part, isMinimal } = fewest(wrong, {
      isWrong: (candidate) => findOrderContradiction(candidate) !== null,
      withoutOrphans: orphansIn(wrong, ({ kind }) => kind === 'read'),
      groupings: [(event) => event.key, (event) => event.session],
      triesMax: 500,
    });
    expect(isMinimal).toBe(true);
    expect(part.length).toBeLessThan(12);
    expect(part).toContain(own);
    expect(part).toContain(history[at]);
  });
});
