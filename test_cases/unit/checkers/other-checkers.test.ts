import { describe, expect, it } from 'vitest';
import { findDifference } from '../../../src/checkers/convergence.ts';
import { findRegression } from '../../../src/checkers/session-order.ts';
import { findMiscount } from '../../checkers/exactly-once.ts';
import { type Expiry, findWrongExpiry } from '../../checkers/expiry.ts';
import { findInvented } from '../../checkers/invented.ts';
import { findExcessDelete, findLost } from '../../checkers/last-write.ts';
import { type Applied, findSequentialViolation } from '../../checkers/sequential-witness.ts';
import { event } from '../../support/history-lines.ts';

const history = (...lines: string[]) => lines.map(event);
const set = (key: string, value: string): Applied => ({ key, kind: 'set', value });
const deleted = (key: string): Applied => ({ key, kind: 'delete', value: null });

describe('the witness of sequential consistency', () => {
  const lines = history('0 x set:1 -> stored @0-1', '1 x set:2 -> stored @0-1', '2 x get -> =1 @8-9');

  it('is accepted in the order that the answers show, whatever real time says', () => {
    expect(findSequentialViolation(lines, [set('x', '1'), set('x', '2')], false)).toBeNull();
    expect(findSequentialViolation(lines, [set('x', '2'), set('x', '1')], false)).toBeNull();
  });

  it('must have every write that was answered', () => {
    expect(findSequentialViolation(lines, [set('x', '1')], false)).toContain('no place');
  });

  it('must have nothing that nobody asked for', () => {
    const applied = [set('x', '1'), set('x', '2'), set('x', '3')];
    expect(findSequentialViolation(lines, applied, false)).toContain('x=3');
  });

  it('must not have a write twice over what has changed since', () => {
    const twice = history('0 x set:5 -> stored @0-1', '1 x incr:1 -> =6 @2-3');
    expect(findSequentialViolation(twice, [set('x', '5'), set('x', '6')], false)).toBeNull();
    expect(findSequentialViolation(twice, [set('x', '5'), set('x', '6'), set('x', '7')], false)).toContain(
      'x=7',
    );
  });

  it('must keep each client’s order', () => {
    const two = history('0 x set:1 -> stored @0-1', '0 y set:2 -> stored @2-3');
    expect(findSequentialViolation(two, [set('x', '1'), set('y', '2')], false)).toBeNull();
    expect(findSequentialViolation(two, [set('y', '2'), set('x', '1')], false)).toContain('client 0');
  });

  it('must show each client its own writes', () => {
    const own = history('0 x set:1 -> stored @0-1', '0 x get -> = @2-3');
    expect(findSequentialViolation(own, [set('x', '1')], false)).toContain('no place');
  });

  it('lets one entry be deleted once', () => {
    const once = history(
      '0 x set:1 -> stored @0-1',
      '1 x delete -> deleted @2-3',
      '2 x delete -> deleted @2-3',
      '3 x delete -> ? @2-3',
    );
    const applied = [set('x', '1'), deleted('x'), deleted('x')];
    expect(findSequentialViolation(once, applied, false)).toContain('more deletes');
  });

  it('lets entries be lost where that may happen, and only there', () => {
    const lost = history('0 x set:1 -> stored @0-1', '0 x get -> = @2-3');
    expect(findSequentialViolation(lost, [set('x', '1'), deleted('x')], false)).toContain('delete x');
    expect(findSequentialViolation(lost, [set('x', '1'), deleted('x')], true)).toBeNull();
  });
});

describe('convergence', () => {
  const state = (...entries: [string, string | null][]) => new Map(entries);

  it('finds what differs, a missing entry included', () => {
    expect(findDifference([state(['x', '1']), state(['x', '1'], ['y', null])])).toBeNull();
    expect(findDifference([state(['x', '1']), state(['x', '2'])])).toContain('x differs');
    expect(findDifference([state(['x', '1']), state()])).toContain('nothing at 1');
  });

  it('finds what nobody wrote', () => {
    const written = history(
      '0 x set:1000 -> stored @0-1',
      '0 x append:,2000 -> ? @0-1',
      '0 y set:3000 -> stored @0-1',
    );
    for (const value of [null, '1000', '1007', '1000,2000'])
      expect(findInvented(written, [['x', value]])).toBeNull();
    for (const value of ['3000', '1000,3000', '1000,2000,2000', 'junk', '1000,1000']) {
      expect(findInvented(written, [['x', value]])).toContain('x holds');
    }
  });
});

describe('the last write', () => {
  const written = history(
    '0 x set:1 -> stored @0-1',
    '0 x delete -> deleted @2-3',
    '1 x set:2 -> stored @2-3',
  );

  it('is what is left', () => {
    const applied = [set('x', '1'), deleted('x'), set('x', '2')];
    expect(findLost(written, applied, new Map([['x', '2']]))).toBeNull();
    for (const value of [null, '1'])
      expect(findLost(written, applied, new Map([['x', value]]))).toContain('x holds');
    expect(findLost(written, [...applied, deleted('x')], new Map([['x', null]]))).toBeNull();
  });

  it('may be anything after one that has an unknown outcome', () => {
    const unknown = [...written, ...history('2 x set:3 -> ? @4-5')];
    expect(findLost(unknown, [set('x', '1')], new Map([['x', null]]))).toBeNull();
  });

  it('is no delete that nobody asked for', () => {
    expect(findExcessDelete(written, [set('x', '1'), deleted('x')])).toBeNull();
    expect(findExcessDelete(written, [deleted('x'), deleted('x')])).toContain('x was deleted');
    expect(findExcessDelete(written, [deleted('x'), deleted('x')], ['x'])).toBeNull();
    expect(findExcessDelete(written, [deleted('x'), deleted('x')], ['y'])).toContain('x was deleted');
  });
});

describe('counting exactly once', () => {
  const counted = history('0 n incr:1 -> =1 @0-1', '1 n incr:1 -> =2 @0-1', '1 n incr:1 -> ? @2-3');

  it('allows for what is unknown, and for nothing else', () => {
    for (const end of [2, 3]) expect(findMiscount(counted, 'n', 0, end)).toBeNull();
    for (const end of [1, 4]) expect(findMiscount(counted, 'n', 0, end)).toContain(`counted ${end}`);
  });

  it('gives every increment a number of its own', () => {
    const same = history('0 n incr:1 -> =1 @0-1', '1 n incr:1 -> =1 @0-1');
    expect(findMiscount(same, 'n', 0, 2)).toContain('answered 1');
  });

  it('misses a counter that is gone', () => {
    expect(findMiscount(history('0 n incr:1 -> not_found @0-1'), 'n', 0, 0)).toContain('lost');
  });
});

describe('the order that a session sees', () => {
  const seen = (client: number, version: bigint, invokedAt: number) => ({
    client,
    key: 'x',
    version,
    invokedAt,
    returnedAt: invokedAt + 5,
  });

  it('never goes back', () => {
    expect(findRegression([seen(0, 1n, 0), seen(0, 1n, 10), seen(0, 2n, 20)])).toBeNull();
    expect(findRegression([seen(0, 2n, 0), seen(0, 1n, 10)])).toContain('version 2 of x, and then 1');
  });

  it('may differ between clients, and between requests that overlap', () => {
    expect(findRegression([seen(0, 2n, 0), seen(1, 1n, 10)])).toBeNull();
    expect(findRegression([seen(0, 2n, 0), seen(0, 1n, 4)])).toBeNull();
  });
});

describe('what is promised of entries that expire', () => {
  const expiry: Omit<Expiry, 'strict' | 'seesOwn' | 'isFlushed'> = {
    secondsOf: () => 2,
    rateErrorMax: 0.05,
    spreadMs: 100,
  };
  const set = '0 x set:1 -> stored @0-10';
  const check = (lines: readonly string[], { strict = true, seesOwn = true, isFlushed = false } = {}) => {
    const events = history(...lines);
    return findWrongExpiry(events, { ...expiry, seesOwn, isFlushed, strict: new Set(strict ? events : []) });
  };

  it('holds when an entry is there until its time, and not after it', () => {
    expect(
      check([set, '1 x get -> =1 @1700-1800', '1 x get -> =1 @2100-2200', '1 x get -> none @2300-2400']),
    ).toBeNull();
  });

  it('is broken by an entry that is gone too early, stays too long, or comes back', () => {
    expect(check([set, '1 x get -> none @1000-1700'])).toContain('was gone already 1000 to 1700 ms');
    expect(check([set, '1 x get -> =1 @2300-2301'])).toContain('was still there 2300 to 2301 ms');
    expect(check([set, '1 x get -> none @1900-1901', '2 x get -> =1 @2050-2060'])).toContain(
      'and there again',
    );
  });

  it('asks no more than the level promises', () => {
    const elsewhere = { strict: false };
    expect(check([set, '1 x get -> none @100-101'], elsewhere)).toBeNull();
    expect(check([set, '0 x get -> none @100-101'], elsewhere)).toContain('was gone already');
    expect(check([set, '0 x get -> none @100-101'], { strict: false, seesOwn: false })).toBeNull();
    expect(check([set, '1 x get -> none @100-101'], { isFlushed: true })).toBeNull();
    expect(check(['0 x set:1 -> stored @50-200', '1 x get -> none @100-150'])).toBeNull();
  });
});
