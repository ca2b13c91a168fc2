import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS, type Mutant } from '../test_cases/sim/mutants.ts';

/**
 * Makes each of the mistakes of the table in a copy of the code, and runs the swarm on it: a mistake that is not
 * found within its number of seeds means that a check is missing. The code as it is comes first: what is found
 * there is no mutant.
 *
 *   npm run mutants [-- --only WORD] [--first SEED]
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const COPIED = [
  'src',
  'test_cases/sim',
  'test_cases/checkers',
  'test_cases/support',
  'scripts',
  'package.json',
];

/** Where the seeds begin; the numbers of the table count from here. */
const FIRST_SEED = '1';

interface Swarm {
  readonly level: Mutant['level'];
  readonly durability?: Mutant['durability'];
  readonly faults?: string | undefined;
  readonly horizonMs?: number | undefined;
  readonly seeds: number;
}

interface Result {
  /** Seeds that were run until one failed; null when none did. */
  readonly seeds: number | null;
  /** How the failure was noticed, in words. */
  readonly noticed: string;
}

const { values: options } = parseArgs({ options: { only: { type: 'string' }, first: { type: 'string' } } });

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = MUTANTS.filter(({ name }) => name.includes(options.only ?? ''));
  if (!(await isSoundWithout(chosen))) return 1;
  let survivors = 0;
  for (const mutant of chosen) {
    const { seeds, noticed } = await tryMutant(mutant);
    if (seeds === null) survivors++;
    const within = `${mutant.level}, ${mutant.durability ?? 'none'}, ${mutant.seeds} seeds`;
    console.log(
      seeds === null
        ? `SURVIVED  ${mutant.name} (${within})`
        : `caught    ${mutant.name} (${within}): after ${seeds}, ${noticed}`,
    );
  }
  console.log(`${chosen.length - survivors} of ${chosen.length} mutants were caught`);
  return survivors === 0 ? 0 : 1;
}

/** Whether the code as it is shows nothing on any of the seeds. */
async function isSoundWithout(mutants: readonly Mutant[]): Promise<boolean> {
  const runs = new Map<string, Swarm>();
  for (const mutant of mutants) {
    const { level, durability, faults, horizonMs, seeds } = mutant;
    const name = `${level} ${durability} ${faults} ${horizonMs}`;
    if (seeds > (runs.get(name)?.seeds ?? 0)) runs.set(name, mutant);
  }
  for (const run of runs.values()) {
    const result = await simulate(ROOT, run);
    if (result.seeds === null) continue;
    console.log(`the code as it is fails at ${run.level} after ${result.seeds} seeds: ${result.noticed}`);
    return false;
  }
  return true;
}

async function tryMutant(mutant: Mutant): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), 'memchorus-mutant-'));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    applyTo(copy, mutant);
    return await simulate(copy, mutant);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @throws when the text is not there, or is there twice: the table has to follow the code */
function applyTo(copy: string, { name, file, text, replacement }: Mutant): void {
  const path = join(copy, file);
  const parts = readFileSync(path, 'utf8').split(text);
  if (parts.length !== 2) throw new Error(`"${name}": ${parts.length - 1} places in ${file} have its text`);
  writeFileSync(path, parts.join(replacement));
}

function simulate(root: string, swarm: Swarm): Promise<Result> {
  const { seeds, level, durability = 'none', faults, horizonMs } = swarm;
  const args = ['scripts/sim.ts', '--bail', '--first', options.first ?? FIRST_SEED];
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  execFile(
    process.execPath,
    [
      ...args,
      '--seeds',
      String(seeds),
      '--level',
      level,
      '--durability',
      durability,
      ...(faults === undefined ? [] : ['--faults', faults]),
      ...(horizonMs === undefined ? [] : ['--horizon', String(horizonMs)]),
    ],
    { cwd: root, maxBuffer: 2 ** 26 },
    (error, stdout, stderr) => {
      const noticed = /^seed \d+: (\S+):/m.exec(stdout)?.[1];
      const run = /^seeds +(\d+)/m.exec(stdout)?.[1];
      if (run === undefined) reject(new Error(`the simulator did not run: ${stderr}`, { cause: error }));
      else resolve({ seeds: noticed === undefined ? null : Number(run), noticed: noticed ?? '' });
    },
  );
  return promise;
}
