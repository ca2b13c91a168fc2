import { expect, it } from 'vitest';
import { type AgedEvent, findStale } from '../../checkers/staleness.ts';

const write = (version: number, invokedAt: number, returnedAt: number, hasEnded = false): AgedEvent => ({
  kind: 'write',
  key: 'k',
  version: BigInt(version),
  maxAgeMs: 0,
  invokedAt,
  returnedAt,
  hasEnded,
});
const read = (version: number, maxAgeMs: number, invokedAt: number): AgedEvent => ({
  kind: 'read',
  key: 'k',
  version: BigInt(version),
  maxAgeMs,
  invokedAt,
  returnedAt: invokedAt + 1,
  hasEnded: false,
});

it.each<[name: string, events: readonly AgedEvent[], isStale: boolean]>([
  ['shows the last write', [write(1, 0, 1), write(2, 5, 6), read(2, 0, 10)], false],
  ['misses a write within its bound', [write(1, 0, 1), write(2, 5, 6), read(1, 5, 10)], false],
  ['misses a write that is as old as its bound', [write(1, 0, 1), write(2, 5, 6), read(1, 3, 10)], true],
  ['finds nothing though something was written', [write(1, 0, 1), read(0, 5, 10)], true],
  ['finds nothing where nothing was answered in time', [write(1, 0, 9), read(0, 5, 10)], false],
  ['shows a newer write than the one that it has to', [write(1, 0, 1), read(7, 0, 10)], false],
  ['misses a write of another key', [{ ...write(9, 0, 1), key: 'other' }, read(0, 0, 10)], false],
])('a read that %s is judged', (_, events, isStale) => {
  expect(findStale(events, 0, false) !== null).toBe(isStale);
});

it('a fast clock makes the bound longer by its error', () => {
  const events = [write(1, 0, 100), read(0, 100, 200.5)];
  expect(findStale(events, 0, false)).toContain('missed a write answered 100.5 ms before it');
  expect(findStale(events, 0.01, false)).toBeNull();
});

it('the writes of a run that has ended are excused where that is asked for', () => {
  const events = [write(1, 0, 1, true), read(0, 5, 10)];
  expect(findStale(events, 0, false)).not.toBeNull();
  expect(findStale(events, 0, true)).toBeNull();
});
