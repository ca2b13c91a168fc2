import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutant } from '../test_cases/sim/mutants/mutant.ts';
import { MUTANTS } from '../test_cases/sim/mutants/table.ts';
import { hashOfCode } from './mutants/code-copy.ts';
import { Results } from './mutants/results.ts';
import { describe, partOf, TableRun } from './mutants/table-run.ts';

const USAGE = `npm run mutants -- [options]     makes each mistake of the table in a copy of the code, and has it found
  --only WORDS     those with these words in their names or anchors
  --part 2/4       the second of four parts, which take about as long as each other
  --continue       those alone of which nothing is known, for this very code
  --list           what is known, for this very code, and what is left; runs nothing
  --first SEED     where the seeds begin (1)`;

/**
 * Makes each of the mistakes of the table in a copy of the code, and runs the swarm on it: a mistake that is not
 * found within its number of seeds means that a check is missing. Then the code as it is has to show nothing on the
 * seeds that have caught mistakes. What is known is kept in `.memchorus/mutants.json`, by the code's hash.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const RESULTS = `${ROOT}/.memchorus/mutants.json`;

/** Where the seeds begin; the numbers of the table count from here. */
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
  const chosen = chooseFrom(MUTANTS);
  if (options.list) {
    for (const mutant of chosen) console.log(describe(mutant, results.of(mutant)));
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
  return summarize(chosen, results, unsound);
}

function chooseFrom(mutants: readonly Mutant[]): Mutant[] {
  const [part, parts] = options.part.split('/').map(Number);
  if (!(Number.isInteger(part) && Number.isInteger(parts) && part! >= 1 && part! <= parts!))
    throw new Error(`--part ${options.part}: it has to be like 2/4`);
  return partOf(
    mutants.filter(({ name, anchor }) => name.includes(options.only) || anchor.includes(options.only)),
    part!,
    parts!,
  );
}

/** What is known of them, and how to go on. @returns the exit code */
function summarize(chosen: readonly Mutant[], results: Results, unsound: number): number {
  const with_ = (outcome: string) => chosen.filter((mutant) => results.of(mutant)?.outcome === outcome);
  const caught = with_('caught').length;
  const left = chosen.filter((mutant) => results.of(mutant) === undefined);
  for (const mutant of [...with_('survived'), ...with_('broken')])
    console.log(describe(mutant, results.of(mutant)));
  console.log(`${caught} of ${chosen.length} mutants were caught, ${left.length} are left to try`);
  if (left.length > 0) console.log(`left: ${left.map(({ name }) => name).join('; ')}\ngo on with --continue`);
  if (unsound > 0) console.log('mutants do not count as long as the code as it is fails');
  return caught === chosen.length && unsound === 0 ? 0 : 1;
}
