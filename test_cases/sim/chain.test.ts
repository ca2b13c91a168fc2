import { expect, it } from 'vitest';
import { ask } from './ask.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

/** Of the scenarios of a swarm, one for each two seeds of the other simulated tests. */
it.each(['linearizability', 'sequential'] as const)('a chain keeps %s, whatever breaks', async (level) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 2; seed++) {
    const scenario = drawScenario(seed, { level, scheme: 'chain' });
    const { violations } = await runScenario(scenario);
    expect(violations, `npm run sim -- --replay ${seed} --level ${level} --scheme chain`).toEqual([]);
  }
});

it('a keyspace changes its level within a chain, and does not leave the chain', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  await cluster.start();
  const change = (level: string) =>
    ask(cluster, 0, { kind: 'keyspace', change: { keyspace: 'default', level }, format: 'table' });
  expect(await change('sequential')).toMatchObject({ kind: 'lines' });
  expect(await change('causal')).toMatchObject({ kind: 'client_error' });
  expect(cluster.nodes[0]!.core!.groups.views.placement?.move ?? null).toBeNull();
});
