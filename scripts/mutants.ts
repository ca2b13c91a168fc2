import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutant } from '../test_cases/sim/mutants/mutant.ts';
import { MUTANTS } from '../test_cases/sim/mutants/table.ts';
import { hashOfCode } from './mutants/code-copy.ts';
import { describePart, partOf } from './mutants/parts.ts';
import { isNoticed, Results } from './mutants/results.ts';
import { describe, TableRun } from './mutants/table-run.ts';

const USAGE = `npm run mutants -- [options]     makes each mistake of the table in a copy of the code, and looks for it
  --only WORDS     only the mutants with these words in their names or anchors
  --part 2/4       only the second of four parts, which take about as long as each other
  --continue       only the mutants that have no result yet for this very code
  --list           prints the results for this very code and what is left; runs nothing
  --first SEED     the first seed (1)`;

/**
 * Makes each mistake of the table in a copy of the code and runs the swarm on the copy. A mistake that the swarm does
 * not find within its number of seeds means that a check is missing. Then the code as it is runs the seeds that have
 * caught mistakes, and must not fail. The results are kept in `.memchorus/mutants.json`, with a hash of the code.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const RESULTS = `${ROOT}/.memchorus/mutants.json`;

/** The numbers of seeds in the table count from this one. */
const FIRST_SEED = '1';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    part: { type: 'string', default: '1/1' },
    first: { type: 'string', default: FIRST_SEED },
    continue: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const first = Number(options.first);
  const results = new Results(RESULTS, hashOfCode(ROOT), first);
  const [part, parts] = partAsked();
  const named = MUTANTS.filter(({ name, anchor }) => `${name} ${anchor}`.includes(options.only));
  const chosen = partOf(named, part, parts);
  if (options.list) {
    for (const mutant of chosen) console.log(describe(mutant, results.of(mutant)));
    printParts(named, parts, results, first);
    return summarize(chosen, results, 0);
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const run = new TableRun({
    root: ROOT,
    results,
    first,
    lanes: availableParallelism(),
    signal: interrupted.signal,
    print: (line) => console.log(line),
  });
  const isTried = (mutant: Mutant) => options.continue && results.of(mutant) !== undefined;
  await run.tryAll(chosen.filter((mutant) => !isTried(mutant)));
  const unsound = interrupted.signal.aborted ? 0 : await run.control(chosen);
  printParts(named, parts, results, first);
  return summarize(chosen, results, unsound);
}

/** Which part of how many; the only one where none was asked for. */
function partAsked(): [part: number, parts: number] {
  const [part, parts] = options.part.split('/').map(Number);
  if (!(Number.isInteger(part) && Number.isInteger(parts) && part! >= 1 && part! <= parts!))
    throw new Error(`--part ${options.part}: it has to be like 2/4`);
  return [part!, parts!];
}

/** Says of each part whether it is done. */
function printParts(mutants: readonly Mutant[], parts: number, results: Results, first: number): void {
  if (parts === 1) return;
  for (let part = 1; part <= parts; part++) {
    const said = describePart(partOf(mutants, part, parts), results, first);
    console.log(`part ${part}/${parts} is ${said}`);
  }
}

/** Prints the results of the chosen mutants, and how to go on. @returns the exit code */
function summarize(chosen: readonly Mutant[], results: Results, unsound: number): number {
  const withOutcome = (outcome: string) => chosen.filter((mutant) => results.of(mutant)?.outcome === outcome);
  const caught = chosen.filter((mutant) => isNoticed(results.of(mutant))).length;
  const left = chosen.filter((mutant) => results.of(mutant) === undefined);
  for (const mutant of [...withOutcome('survived'), ...withOutcome('broken')])
    console.log(describe(mutant, results.of(mutant)));
  console.log(`${caught} of ${chosen.length} mutants were caught, ${left.length} are left to try`);
  if (left.length > 0) console.log(`left: ${left.map(({ name }) => name).join('; ')}\ngo on with --continue`);
  if (unsound > 0) console.log('mutants do not count as long as the code as it is fails');
  return caught === chosen.length && unsound === 0 ? 0 : 1;
}
