import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { hasDeletionGap, type Past } from '../../../src/replication/exchange/deletion-gap.ts';

const past = (known: readonly number[], forgotten: readonly number[] = [0, 0, 0], empty = false): Past => ({
  known,
  forgotten,
  empty,
});

describe('a controller has a deletion gap', () => {
  const others = new VersionVector([0, 7, 3]);

  it.each<[string, Past, boolean]>([
    ['when it has missed a deletion that others have forgotten', past([9, 6, 9]), true],
    ['not when it knows of all of them', past([0, 7, 3]), false],
    ['not when it never had what they deleted', past([0, 0, 0], [0, 7, 3]), false],
    ['not when either holds for each origin', past([0, 7, 0], [0, 0, 5]), false],
    ['not when it has nothing at all', past([0, 0, 0], [0, 0, 0], true), false],
  ])('%s', (_, said, expected) => {
    expect(hasDeletionGap(said, others)).toBe(expected);
  });

  it('never where nothing was forgotten early', () => {
    expect(hasDeletionGap(past([0, 0, 0]), VersionVector.zero(3))).toBe(false);
  });
});
