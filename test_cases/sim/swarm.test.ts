import { expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { runSeeds } from './seed-pool.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { shrink } from './shrink.ts';
import { Tally } from './tally.ts';

/** How many scenarios there are for each seed of the other simulated tests. Here everything is drawn. */
const SCENARIOS_PER_SEED = 24;

it('nothing goes wrong in a swarm of scenarios', async () => {
  const tally = new Tally();
  const onOutcome = (outcome: Parameters<Tally['add']>[0]) => {
    tally.add(outcome);
    return tally.failed.length >= 10;
  };
  const seeds = SEEDS * SCENARIOS_PER_SEED;
  const startedMs = performance.now();
  await runSeeds({ first: FIRST_SEED, seeds, draw: { durabilities: ['none'] }, onOutcome });
  console.log(tally.summary(performance.now() - startedMs));
  const wrong = tally.failed.map(({ seed, violations }) => ({
    again: `npm run sim -- --replay ${seed}`,
    violations,
  }));
  expect(wrong).toEqual([]);
  expect(tally.undecided).toBeLessThanOrEqual(seeds / 100);
});

it('the same seed gives the same run, byte for byte', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 2; seed++) {
    const scenario = drawScenario(seed);
    const first = String((await runScenario(scenario, [])).transcript);
    const second = String((await runScenario(scenario, [])).transcript);
    expect(first.length).toBeGreaterThan(1_000);
    expect(first === second, `seed ${seed}`).toBe(true);
  }
});

it('a transcript changes nothing', async () => {
  const scenario = drawScenario(FIRST_SEED);
  const { transcript: _, ...silent } = await runScenario(scenario);
  const { transcript: __, ...written } = await runScenario(scenario, []);
  expect(written).toEqual(silent);
});

it('a scenario that fails is shrunk to the parts that it needs', async () => {
  const draw = {
    nodes: 3,
    faults: { kill: 4, pause: 4, cut: 4 },
    workload: { operations: 100, thinkMs: 200 },
  };
  const scenario = drawScenario(FIRST_SEED, draw);
  const timeOf = (one: Scenario, value: number): number | null => {
    for (const { operations } of one.clients) {
      let atMs = 0;
      for (const operation of operations) {
        atMs += operation.waitMs;
        if (operation.value === value) return atMs;
      }
    }
    return null;
  };
  const fails = async (one: Scenario) => {
    const kinds = one.faults.map(({ kind }) => kind);
    return kinds.includes('kill') && kinds.includes('cut') && timeOf(one, 7_000) !== null;
  };
  const { scenario: shrunk, runs } = await shrink(scenario, fails, 2_000);
  expect(shrunk.faults.map(({ kind }) => kind).sort()).toEqual(['cut', 'kill']);
  expect(shrunk.clients.flatMap(({ operations }) => operations)).toHaveLength(1);
  expect(timeOf(shrunk, 7_000)).toBeCloseTo(timeOf(scenario, 7_000)!);
  expect(shrunk.absence.nodes).toEqual([]);
  expect(runs).toBeLessThan(200);
});
