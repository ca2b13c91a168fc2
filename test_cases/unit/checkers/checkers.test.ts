import { describe, expect, it } from 'vitest';
import { findNonLinearizableKey } from '../../../src/checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../../src/checkers/sequential-consistency.ts';
import { event } from '../../support/history-lines.ts';

const LINEARIZABLE: Record<string, string[]> = {
  'a read of nothing': ['0 x get -> = @0-1'],
  'a read of what was written': ['0 x set:1 -> stored @0-1', '1 x get -> =1 @2-3'],
  'an overlapping read may see either': [
    '0 x set:1 -> stored @0-9',
    '1 x get -> = @1-2',
    '1 x get -> =1 @3-4',
  ],
  'an unknown write that was seen': ['0 x set:1 -> ? @0-1', '1 x get -> =1 @5-6'],
  'an unknown write that was not seen, and later was': [
    '0 x set:1 -> ? @0-1',
    '1 x get -> = @2-3',
    '1 x get -> =1 @4-5',
  ],
  'one winner of two adds': [
    '0 x add:1 -> stored @0-5',
    '1 x add:2 -> not_stored @0-5',
    '2 x get -> =1 @6-7',
  ],
  'a chain of increments': ['0 x set:5 -> stored @0-1', '1 x incr:1 -> =7 @2-9', '2 x incr:1 -> =6 @2-9'],
  'cas over what it saw': [
    '0 x set:1 -> stored @0-1',
    '1 x cas:2:1 -> stored @2-3',
    '0 x cas:3:1 -> exists @4-5',
  ],
  'append, replace, delete': [
    '0 x set:1 -> stored @0-1',
    '0 x append:2 -> stored @2-3',
    '0 x replace:3 -> stored @4-5',
    '0 x delete -> deleted @6-7',
    '0 x delete -> not_found @8-9',
  ],
  'an unknown append between two others': [
    '0 x set:1 -> stored @0-1',
    '1 x append:2 -> ? @2-3',
    '2 x append:3 -> stored @4-5',
    '0 x append:4 -> stored @6-7',
    '0 x get -> =1324 @8-9',
  ],
  'a flush ends all': ['0 x set:1 -> stored @0-1', '0 * flush -> ok @2-3', '1 x get -> = @4-5'],
};

const NOT_LINEARIZABLE: Record<string, string[]> = {
  'a stale read': ['0 x set:1 -> stored @0-1', '1 x get -> = @2-3'],
  'a read that goes back': ['0 x set:1 -> stored @0-9', '1 x get -> =1 @1-2', '2 x get -> = @3-4'],
  'a value that nobody wrote': ['0 x set:1 -> stored @0-1', '1 x get -> =2 @2-3'],
  'a lost update': ['0 x set:5 -> stored @0-1', '1 x incr:1 -> =6 @2-3', '2 x incr:1 -> =6 @4-5'],
  'an increment that counted twice': [
    '0 x set:5 -> stored @0-1',
    '1 x incr:1 -> =6 @2-3',
    '2 x get -> =7 @4-5',
  ],
  'two winners of one add': ['0 x add:1 -> stored @0-5', '1 x add:2 -> stored @0-5'],
  'two winners of one cas': [
    '0 x set:1 -> stored @0-1',
    '1 x cas:2:1 -> stored @2-5',
    '2 x cas:3:1 -> stored @2-5',
  ],
  'a deleted value that is back': [
    '0 x set:1 -> stored @0-1',
    '0 x delete -> deleted @2-3',
    '1 x get -> =1 @4-5',
  ],
  'an unknown write that was seen and unseen': [
    '0 x set:1 -> stored @0-1',
    '1 x set:2 -> ? @2-3',
    '2 x get -> =2 @4-5',
    '2 x get -> =1 @6-7',
  ],
  'an unknown append that was seen twice': [
    '0 x set:1 -> stored @0-1',
    '1 x append:2 -> ? @2-3',
    '0 x append:3 -> stored @4-5',
    '0 x get -> =1232 @6-7',
  ],
  'a lost append': ['0 x set:1 -> stored @0-1', '1 x append:2 -> stored @2-3', '2 x get -> =1 @4-5'],
  'a read past a flush': ['0 x set:1 -> stored @0-1', '0 * flush -> ok @2-3', '1 x get -> =1 @4-5'],
};

describe('the linearizability checker', () => {
  it.each(Object.entries(LINEARIZABLE))('accepts %s', (_, lines) => {
    expect(findNonLinearizableKey(lines.map(event))).toBeNull();
  });

  it.each(Object.entries(NOT_LINEARIZABLE))('rejects %s', (_, lines) => {
    expect(findNonLinearizableKey(lines.map(event))).toBe('x');
  });

  it('names the key that is wrong among those that are right', () => {
    const lines = [
      '0 x set:1 -> stored @0-1',
      '0 y set:2 -> stored @0-1',
      '1 y get -> = @2-3',
      '1 x get -> =1 @2-3',
    ];
    expect(findNonLinearizableKey(lines.map(event))).toBe('y');
  });
});

const SEQUENTIAL: Record<string, string[]> = {
  'a stale read of another client': ['0 x set:1 -> stored @0-1', '1 x get -> = @2-3'],
  'a write that comes late to all': ['0 x set:1 -> stored @0-1', '1 x get -> = @2-3', '1 x get -> =1 @4-5'],
  'crossed writes, one of them seen': [
    '0 x set:1 -> stored @0-1',
    '0 y get -> = @2-3',
    '1 y set:1 -> stored @0-1',
    '1 x get -> =1 @2-3',
  ],
};

const NOT_SEQUENTIAL: Record<string, string[]> = {
  'an own write not seen': ['0 x set:1 -> stored @0-1', '0 x get -> = @2-3'],
  'a client that goes back': ['0 x set:1 -> stored @0-1', '1 x get -> =1 @2-3', '1 x get -> = @4-5'],
  'crossed writes, neither seen': [
    '0 x set:1 -> stored @0-1',
    '0 y get -> = @2-3',
    '1 y set:1 -> stored @0-1',
    '1 x get -> = @2-3',
  ],
  'two readers who see two writes in different orders': [
    '0 x set:1 -> stored @0-1',
    '1 y set:1 -> stored @0-1',
    '2 x get -> =1 @2-3',
    '2 y get -> = @4-5',
    '3 y get -> =1 @2-3',
    '3 x get -> = @4-5',
  ],
  'an effect without its cause': [
    '0 x set:1 -> stored @0-1',
    '1 x get -> =1 @2-3',
    '1 y set:2 -> stored @4-5',
    '2 y get -> =2 @6-7',
    '2 x get -> = @8-9',
  ],
  'a lost update': ['0 x set:5 -> stored @0-1', '1 x incr:1 -> =6 @2-3', '2 x incr:1 -> =6 @4-5'],
};

describe('the sequential consistency checker', () => {
  it.each([...Object.entries(LINEARIZABLE), ...Object.entries(SEQUENTIAL)])('accepts %s', (_, lines) => {
    expect(isSequentiallyConsistent(lines.map(event))).toBe(true);
  });

  it.each(Object.entries(NOT_SEQUENTIAL))('rejects %s', (_, lines) => {
    expect(isSequentiallyConsistent(lines.map(event))).toBe(false);
  });
});
