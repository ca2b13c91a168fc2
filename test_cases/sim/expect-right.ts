import { expect } from 'vitest';
import type { Outcome } from './outcome.ts';
import { runScenario } from './run-scenario.ts';
import { type Draw, drawScenario } from './scenario.ts';

/**
 * Runs the scenario that the seed draws, with nothing on disk unless the draw says so. The run must show nothing wrong
 * and leave nothing unchecked.
 */
export async function expectRight(seed: number, draw: Draw): Promise<Outcome> {
  const outcome = await runScenario(drawScenario(seed, { durabilities: ['none'], ...draw }));
  expect(outcome.violations).toEqual([]);
  expect(outcome.undecided).toBe(0);
  return outcome;
}
