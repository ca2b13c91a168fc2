import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';

/** Seeds of one sort, as `npm run sim` runs them. */
export type Swarm = Pick<Mutant, 'level' | 'durability' | 'faults' | 'horizonMs' | 'seeds'>;

/** What a swarm showed first. */
export interface Finding {
  readonly seed: number;
  /** The checker that noticed it, and what it says. */
  readonly noticed: string;
}

/** The options of a swarm, but for its seeds. */
export function optionsOf({ level, durability = 'none', faults, horizonMs }: Omit<Swarm, 'seeds'>): string[] {
  return [
    '--level',
    level,
    '--durability',
    durability,
    ...(faults === undefined ? [] : ['--faults', faults]),
    ...(horizonMs === undefined ? [] : ['--horizon', String(horizonMs)]),
  ];
}

/** For people: one seed again, with its transcript. */
export function replayCommand(swarm: Omit<Swarm, 'seeds'>, seed: number): string {
  return ['npm run sim -- --replay', seed, ...optionsOf(swarm)].join(' ');
}

/**
 * Runs the swarm up to the first seed that shows something, one seed after the other, so that what is found depends on
 * nothing but the code.
 *
 * @param root of a copy of the code, where what Node has compiled is kept for the next swarm
 * @returns null when nothing was found
 */
export function simulate(
  root: string,
  swarm: Swarm,
  first: number,
  signal: AbortSignal,
): Promise<Finding | null> {
  const seeds = ['--bail', '--workers', '1', '--first', String(first), '--seeds', String(swarm.seeds)];
  const args = ['scripts/sim.ts', ...seeds, ...optionsOf(swarm)];
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.compiled') };
  const { promise, resolve, reject } = Promise.withResolvers<Finding | null>();
  execFile(
    process.execPath,
    args,
    { cwd: root, env, maxBuffer: 2 ** 26, signal },
    (error, stdout, stderr) => {
      const found = /^seed (\d+): (.*)$/m.exec(stdout);
      if (!/^seeds +\d/m.test(stdout))
        reject(new Error(`the simulator did not run: ${stderr}`, { cause: error }));
      else resolve(found === null ? null : { seed: Number(found[1]), noticed: found[2]! });
    },
  );
  return promise;
}
