import { describe, expect, it } from 'vitest';
import { groupsFor } from '../../../bench/groups.ts';
import { GROUP_NAMES, keyCountsTo, type Options, parseOptions } from '../../../bench/options.ts';
import { UsageError } from '../../../src/cli/failure.ts';

function optionsOf(...words: string[]): Options {
  const wish = parseOptions(words);
  if (wish.kind !== 'run') throw new Error(wish.kind);
  return wish.options;
}

describe('the command line of bench', () => {
  it('selects everything without words, and less with --quick', () => {
    expect(optionsOf()).toMatchObject({ rounds: 3, seconds: 1, only: GROUP_NAMES });
    expect(optionsOf('--quick')).toMatchObject({ rounds: 1, keyCounts: [10_000, 100_000] });
    expect(optionsOf('--quick', '--rounds', '5').rounds).toBe(5);
  });

  it('selects groups and levels', () => {
    const options = optionsOf('--only', 'large,counters', '--levels', 'sequential');
    expect(groupsFor(options).map(({ name }) => name)).toEqual(['large-100k', 'large-1m', 'counters']);
    expect(options.levels).toEqual(['sequential']);
  });

  it('goes up to the largest number of keys by powers of ten', () => {
    expect(keyCountsTo(10_000)).toEqual([10_000]);
    expect(keyCountsTo(5_000_000)).toEqual([10_000, 100_000, 1_000_000, 5_000_000]);
  });

  it('selects two files to compare', () => {
    expect(parseOptions(['--compare', 'a', 'b'])).toEqual({ kind: 'compare', before: 'a', after: 'b' });
  });

  it.each([
    ['--only', 'smal'],
    ['--levels', 'strong'],
    ['--rounds', 'many'],
    ['--rounds', '0'],
    ['--compare', 'a'],
    ['--fast'],
    ['now'],
  ])('refuses %s %s', (...words) => {
    expect(() => parseOptions(words)).toThrow(UsageError);
  });
});
