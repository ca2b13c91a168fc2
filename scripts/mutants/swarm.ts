import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { SwarmMutant } from '../../test_cases/sim/mutants/mutant.ts';

/** Seeds with the same options of `npm run sim`. */
export type Swarm = Pick<
  SwarmMutant,
  'level' | 'scheme' | 'isMixed' | 'durability' | 'faults' | 'horizonMs' | 'switches' | 'members' | 'seeds'
>;

/** The first failure of a swarm. */
export interface Finding {
  readonly seed: number;
  /** The kind of violation, and its description. */
  readonly noticed: string;
}

/** The options of a swarm, without its seeds. */
export function optionsOf({
  level,
  scheme,
  isMixed,
  durability = 'none',
  faults,
  horizonMs,
  switches,
  members,
}: Omit<Swarm, 'seeds'>): string[] {
  return [
    '--level',
    level,
    '--durability',
    durability,
    ...(scheme === undefined ? [] : ['--scheme', scheme]),
    ...(faults === undefined ? [] : ['--faults', faults]),
    ...(members === undefined ? [] : [members === 'joins' ? '--joins' : '--members']),
    ...(switches === undefined ? [] : ['--switches', switches === 'all' ? 'all' : 'yes']),
    ...(horizonMs === undefined ? [] : ['--horizon', String(horizonMs)]),
    ...(isMixed === true ? ['--mixed'] : []),
  ];
}

/** The command that runs one seed again and prints its transcript. */
export function replayCommand(swarm: Omit<Swarm, 'seeds'>, seed: number): string {
  return ['npm run sim -- --replay', seed, ...optionsOf(swarm)].join(' ');
}

/**
 * Runs the swarm up to the first seed that fails, one seed after the other, so that the result depends on the code
 * only.
 *
 * @param root the directory of a copy of the code. Node keeps the compiled code there for the next swarm
 * @returns null when no seed fails
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
