import { expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';

/** Of the scenarios of a swarm, one for each two seeds of the other simulated tests. */
it.each(['linearizability', 'sequential'] as const)('a chain keeps %s, whatever breaks', async (level) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 2; seed++) {
    const scenario = drawScenario(seed, { level, scheme: 'chain' });
    const { violations } = await runScenario(scenario);
    expect(violations, `npm run sim -- --replay ${seed} --level ${level} --scheme chain`).toEqual([]);
  }
});
