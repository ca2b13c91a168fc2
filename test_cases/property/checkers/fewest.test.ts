import { describe, expect, it } from 'vitest';
import { findCausalViolation } from '../../../src/checkers/causal-convergence.ts';
import { fewest, orphansIn } from '../../../src/checkers/fewest.ts';
import { findOrderContradiction, type VersionedEvent } from '../../../src/checkers/sequential-order.ts';
import { randomSessions } from '../../support/random-sessions.ts';

type Part = readonly VersionedEvent[];

const RULES: Readonly<Record<string, (part: Part) => boolean>> = {
  sequential: (part) => findOrderContradiction(part) !== null,
  causal: (part) => findCausalViolation(part) !== null,
};

const orphansOf = (whole: Part) => orphansIn(whole, ({ kind }) => kind === 'read');

const shrunk = (history: Part, isWrong: (part: Part) => boolean, triesMax = 5_000) =>
  fewest(history, {
    isWrong,
    withoutOrphans: orphansOf(history),
    groupings: [({ key }) => key, ({ session }) => session],
    triesMax,
  });

const SEEDS = 60;

describe.each(Object.entries(RULES))('what is wrong at %s', (_, isWrong) => {
  const histories = Array.from({ length: SEEDS }, (_, seed) =>
    randomSessions(seed, { sessions: 4, keys: 5, events: 80, wrong: 0.1 }),
  ).filter(isWrong);

  it('is shrunk to a part that is wrong by itself, in the order of the whole', () => {
    expect(histories.length).toBeGreaterThan(SEEDS / 4);
    for (const history of histories) {
      const { part } = shrunk(history, isWrong);
      expect(isWrong(part)).toBe(true);
      expect(history.filter((event) => part.includes(event))).toEqual(part);
      expect(orphansOf(history)(part)).toEqual(part);
    }
  });

  it('is shrunk until nothing of it can be left out', () => {
    for (const history of histories) {
      const { part, isMinimal } = shrunk(history, isWrong);
      expect(isMinimal).toBe(true);
      expect(part.length).toBeLessThan(12);
      for (const event of part)
        expect(isWrong(orphansOf(history)(part.filter((other) => other !== event)))).toBe(false);
    }
  });

  it('is wrong still when the tries do not suffice, and says so', () => {
    for (const history of histories) {
      for (const triesMax of [0, 1, 5]) {
        const { part, isMinimal } = shrunk(history, isWrong, triesMax);
        expect(isWrong(part)).toBe(true);
        expect(isMinimal).toBe(false);
      }
    }
  });
});
