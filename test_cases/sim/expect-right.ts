import { expect } from 'vitest';
import { type Outcome, runScenario } from './run-scenario.ts';
import { type Draw, drawScenario } from './scenario.ts';

/** Runs the scenario that is drawn from the seed: nothing may be wrong, and nothing left unchecked. */
export function expectRight(seed: number, draw: Draw): Outcome {
  const outcome = runScenario(drawScenario(seed, draw));
  expect(outcome.violations).toEqual([]);
  expect(outcome.undecided).toBe(0);
  return outcome;
}
