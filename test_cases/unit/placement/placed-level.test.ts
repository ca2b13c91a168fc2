import { describe, expect, it } from 'vitest';
import {
  isPlacedLevel,
  levelAsked,
  levelOf,
  orderedSchemeOf,
  PLACED_LEVELS,
  placedLevel,
} from '../../../src/placement/placed-level.ts';

describe('a level as placements have it', () => {
  it('is a level and a scheme, and both can be taken from it', () => {
    expect(PLACED_LEVELS.map((placed) => [levelOf(placed), orderedSchemeOf(placed)])).toEqual([
      ['linearizability', 'broadcast'],
      ['sequential', 'broadcast'],
      ['causal', null],
      ['eventual', null],
      ['linearizability', 'chain'],
      ['sequential', 'chain'],
    ]);
    for (const placed of PLACED_LEVELS)
      expect(placedLevel(levelOf(placed), orderedSchemeOf(placed) ?? 'chain')).toBe(placed);
  });

  it.each(['linearizability/broadcast', 'causal/chain', 'sequential/', '/chain', 'chain', ''])(
    '%j is none',
    (word) => expect(isPlacedLevel(word)).toBe(false),
  );
});

describe('the level that a user asks for', () => {
  it.each([
    ['sequential', 'linearizability/chain', 'broadcast', 'sequential/chain'],
    ['sequential', 'linearizability', 'chain', 'sequential'],
    ['sequential', 'causal', 'chain', 'sequential/chain'],
    ['sequential/broadcast', 'linearizability/chain', 'chain', 'sequential'],
    ['sequential/chain', 'eventual', 'broadcast', 'sequential/chain'],
    ['eventual', 'linearizability/chain', 'chain', 'eventual'],
  ] as const)('%s, for a keyspace at %s where the default is %s, is %s', (word, now, fallback, level) =>
    expect(levelAsked(word, now, fallback)).toBe(level),
  );

  it.each(['causal/chain', 'sequential/ring', 'sequential/chain/chain', 'strong', 'sequential/'])(
    '%j is none',
    (word) => expect(levelAsked(word, 'sequential', 'broadcast')).toBeNull(),
  );
});
