import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../../src/checkers/causal-convergence.ts';
import type { SessionEvent } from '../../../src/checkers/session-history.ts';
import {
  findBrokenGuarantee,
  findViolationOf,
  SESSION_GUARANTEES,
} from '../../checkers/session-guarantees.ts';
import { isExplained } from '../../support/all-visibilities.ts';
import { sessionEvents } from '../../support/session-lines.ts';

const RUNS = 400;

/** The classical anomalies, and the guarantee that each of them breaks. */
const ANOMALIES: readonly (readonly [what: string, lines: readonly string[], broken: string | null])[] = [
  ['an own write that is not there', ['0 x=1', '0 x:'], 'read your writes'],
  ['an older write than the own one', ['1 x=1', '0 x:1', '0 x=2', '0 x:1', '0 x:2'], null],
  ['a value that goes away', ['0 x=1', '1 x:1', '1 x:'], 'monotonic reads'],
  ['two values there and back', ['0 x=1', '1 x=2', '2 x:1', '2 x:2', '2 x:1'], 'monotonic reads'],
  ['the second write without the first', ['0 x=1', '0 y=2', '1 y:2', '1 x:'], 'monotonic writes'],
  ['two writes in the wrong order', ['0 x=1', '0 x=2', '1 x:2', '1 x:1'], 'monotonic writes'],
  ['an effect without its cause', ['0 x=1', '1 x:1', '1 y=2', '2 y:2', '2 x:'], 'writes follow reads'],
  [
    'an effect without its cause, over two hops',
    ['0 x=1', '1 x:1', '1 y=2', '2 y:2', '2 z=3', '3 z:3', '3 x:'],
    'writes follow reads',
  ],
  [
    'two sessions that see two writes in two orders for good',
    ['0 x=1', '1 x=2', '2 x:1', '2 x:2', '3 x:2', '3 x:1'],
    null,
  ],
  [
    'an older cause than the one that was read',
    ['0 x=1', '0 x=2', '0 y=3', '1 y:3', '1 x:1'],
    'monotonic writes',
  ],
];

describe('causal convergence', () => {
  it.each(ANOMALIES)('is broken by %s', (_, lines) => {
    expect(findCausalViolation(sessionEvents(...lines))).not.toBeNull();
  });

  it('is broken by a value that nobody wrote', () => {
    expect(findCausalViolation(sessionEvents('0 x:7'))).toContain('nobody wrote');
  });

  it('is broken by reads that come before each other in a circle', () => {
    expect(findCausalViolation(sessionEvents('0 x:1', '0 y=2', '1 y:2', '1 x=1'))).toContain('circle');
  });

  it('allows concurrent writes to be seen late, and in the order that is the same for all', () => {
    const lines = ['0 x=1', '1 x=2', '0 x:1', '1 x:2', '0 x:2', '2 x:1', '2 x:2'];
    expect(findCausalViolation(sessionEvents(...lines))).toBeNull();
  });

  it('allows what sequential consistency forbids: each of two sessions misses what the other wrote', () => {
    expect(findCausalViolation(sessionEvents('0 x=1', '0 y:', '1 y=2', '1 x:'))).toBeNull();
  });

  it('lets a write without an answer happen late or never, but not without what it depends on', () => {
    expect(findCausalViolation(sessionEvents('0 x=1', '0 y?2', '0 y:', '0 y:2'))).toBeNull();
    expect(findCausalViolation(sessionEvents('0 x=1', '0 y?2', '1 y:2', '1 x:'))).not.toBeNull();
    expect(findCausalViolation(sessionEvents('0 x?1', '0 y=2', '1 y:2', '1 x:'))).toBeNull();
  });

  it('is decided for some thousand events in a moment', () => {
    const lines: string[] = [];
    for (let i = 0; i < 1_500; i++) lines.push(`${i % 20} k${i % 7}=${i}`, `${i % 20} k${i % 7}:${i}`);
    const startedMs = performance.now();
    expect(findCausalViolation(sessionEvents(...lines))).toBeNull();
    expect(findBrokenGuarantee(sessionEvents(...lines))).toBeNull();
    expect(findCausalViolation(sessionEvents(...lines, '0 k0:0'))).not.toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(60_000);
  });
});

describe('the session guarantees', () => {
  it.each(ANOMALIES.filter(([, , broken]) => broken !== null))(
    'name what is broken by %s',
    (_, lines, broken) => {
      const history = sessionEvents(...lines);
      expect(findViolationOf(broken!, history)).not.toBeNull();
      expect(findBrokenGuarantee(history)).not.toBeNull();
    },
  );

  it('hold one by one where only another one is broken', () => {
    const lost = sessionEvents('0 x=1', '0 x:');
    expect(findViolationOf('monotonic reads', lost)).toBeNull();
    const gone = sessionEvents('0 x=1', '1 x:1', '1 x:');
    expect(findViolationOf('read your writes', gone)).toBeNull();
    expect(
      findViolationOf('writes follow reads', sessionEvents('0 x=1', '0 y=2', '1 y:2', '1 x:')),
    ).toBeNull();
    const effect = sessionEvents('0 x=1', '1 x:1', '1 y=2', '2 y:2', '2 x:');
    expect(findViolationOf('monotonic writes', effect)).toBeNull();
  });
});

/** Up to 3 writes and 3 reads, of 2 keys in 3 sessions. A read finds any value of its key, or nothing. */
const smallHistory = fc
  .array(
    fc.record({ session: fc.nat(2), key: fc.constantFrom('x', 'y'), isWrite: fc.boolean(), pick: fc.nat(4) }),
    {
      minLength: 2,
      maxLength: 6,
    },
  )
  .map((drawn): SessionEvent[] => {
    const isKept = (kept: boolean, most: number) => {
      let count = 0;
      return (one: { isWrite: boolean }) => one.isWrite !== kept || count++ < most;
    };
    const events = drawn.filter(isKept(true, 3)).filter(isKept(false, 3));
    const values = (key: string) =>
      events.flatMap((one, i) => (one.isWrite && one.key === key ? [String(i)] : []));
    return events.map(({ session, key, isWrite, pick }, i) => {
      const value = isWrite ? String(i) : ([...values(key), null][pick % (values(key).length + 1)] ?? null);
      return { session, key, kind: isWrite ? 'write' : 'read', value };
    });
  });

describe('on small random histories', () => {
  const agree = (name: string, find: (history: readonly SessionEvent[]) => string | null) => {
    const verdicts = { right: 0, wrong: 0 };
    const check = (history: readonly SessionEvent[]) => {
      const right = isExplained(name, history);
      verdicts[right ? 'right' : 'wrong']++;
      expect(find(history) === null).toBe(right);
    };
    fc.assert(fc.property(smallHistory, check), { numRuns: RUNS, seed: 1 });
    expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThanOrEqual(RUNS / 100);
  };

  it('causal convergence holds where something explains the history, and nowhere else', () => {
    agree('causal', findCausalViolation);
  });

  it.each(Object.keys(SESSION_GUARANTEES))(
    '%s hold where something explains them, and nowhere else',
    (name) => {
      agree(name, (history) => findViolationOf(name, history));
    },
  );
});
