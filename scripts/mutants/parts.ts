import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { isNoticed, type Results } from './results.ts';
import { optionsOf, type Swarm } from './swarm.ts';

/** A run of seeds with a disk takes this many times as long as one without. */
const DISK_FACTOR = 5;

/** A test takes about as long as this many runs. */
const TEST_COST = 50;

/** How long a swarm or a test may take; comparable with each other, in no unit. */
function costOf(one: Swarm | Mutant): number {
  if ('test' in one) return TEST_COST;
  const { seeds, durability = 'none' } = one;
  return seeds * (durability === 'none' ? 1 : DISK_FACTOR);
}

export function longestFirst<T extends Swarm | Mutant>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => costOf(b) - costOf(a));
}

/** The mutants of one part of the table. All parts take about as long as each other. @param part from 1 */
export function partOf(mutants: readonly Mutant[], part: number, parts: number): Mutant[] {
  return longestFirst(mutants).filter((_, index) => index % parts === part - 1);
}

/**
 * The swarms that the code as it is has to pass: for each kind of swarm, the seeds up to the last one that was needed
 * to catch a mutant.
 */
export function controlsOf(mutants: readonly Mutant[], results: Results, first: number): Swarm[] {
  const swarms = new Map<string, Swarm>();
  for (const mutant of mutants) {
    const tried = results.of(mutant);
    if (tried?.outcome !== 'caught' || 'test' in mutant) continue;
    const name = optionsOf(mutant).join(' ');
    const seeds = tried.finding.seed - first + 1;
    if (seeds > (swarms.get(name)?.seeds ?? 0)) swarms.set(name, { ...mutant, seeds });
  }
  return [...swarms.values()];
}

/**
 * One line on a part: whether it is done, which means that its mutants are caught and that the code as it is passes.
 */
export function describePart(mutants: readonly Mutant[], results: Results, first: number): string {
  const caught = mutants.filter((mutant) => isNoticed(results.of(mutant))).length;
  const tried = mutants.filter((mutant) => results.of(mutant) !== undefined).length;
  const controls = controlsOf(mutants, results, first);
  const passed = controls.filter((swarm) => results.isSound(swarm)).length;
  const isDone = caught === mutants.length && passed === controls.length;
  const counts = `${tried} of ${mutants.length} mutants tried, ${caught} caught`;
  return `${isDone ? 'done' : 'open'}: ${counts}; the code as it is passed ${passed} of ${controls.length} swarms`;
}
