import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  EXIT_FAILED,
  EXIT_OK,
  EXIT_USAGE,
  OperationError,
  reasonOf,
  UsageError,
} from '../src/cli/failure.ts';
import { goalsOf } from './goals.ts';
import { groupsFor } from './groups.ts';
import { Loader } from './loader/loader.ts';
import { commitNow, machineNow } from './machine.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { compare } from './report/comparison.ts';
import { pageOf } from './report/page.ts';
import { textReport } from './report/text-report.ts';
import type { Results } from './results.ts';
import { Run } from './run.ts';
import { measureSwitches } from './switches.ts';

const RESULTS = join(import.meta.dirname, 'results');
const EXIT_INTERRUPTED = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    const wish = parseOptions(words);
    if (wish.kind === 'run') return await measure(wish.options);
    process.stdout.write(wish.kind === 'help' ? HELP : compare(read(wish.before), read(wish.after)));
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OperationError)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** @returns the exit code: a run with failures is not a success; an interrupted run leaves no results */
async function measure(options: Options): Promise<number> {
  const loader = Loader.compile();
  const date = new Date().toISOString();
  const [machine, commit] = [machineNow(options.directory), commitNow()];
  const groups = groupsFor(options);
  const signal = interruption();
  const run = new Run({ options, loader, signal, tell });
  await run.measure(groups);
  const switches = await switchesFor(options, signal);
  tell('');
  if (signal.aborted) return EXIT_INTERRUPTED;
  const subjects = groups.flatMap(({ entrants }) => entrants.map(({ kind }) => [kind.name, kind.what]));
  const results: Results = {
    format: 1,
    date,
    commit,
    machine,
    options: { rounds: options.rounds, seconds: options.seconds },
    subjects: Object.fromEntries(subjects),
    ...run.findings,
    ...switches,
    failures: [...run.findings.failures, ...switches.failures],
  };
  report(results, options.json ?? join(RESULTS, `${date.replaceAll(':', '-')}.json`), options.page);
  return results.failures.length > 0 ? EXIT_FAILED : EXIT_OK;
}

/** Measures the changes of level, where they are asked for. */
async function switchesFor(
  { only, switchKeys: keys }: Options,
  signal: AbortSignal,
): Promise<Pick<Results, 'switches' | 'failures'>> {
  if (!only.includes('switches') || signal.aborted) return { failures: [] };
  try {
    return { switches: await measureSwitches({ keys, signal, tell }), failures: [] };
  } catch (error) {
    return { failures: [`switches: ${reasonOf(error)}`] };
  }
}

/** Writes the files before it prints, because the reader of the output may be gone, as with `head`. */
function report(results: Results, file: string, page: string): void {
  const goals = goalsOf(results);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...results, goals }, null, 1)}\n`);
  writeFileSync(page, pageOf(results, goals));
  process.stdout.once('error', () => process.exit(EXIT_FAILED));
  process.stdout.write(`${textReport(results, goals)}\nresults: ${file}\npage:    ${page}\n`);
}

function read(file: string): Results {
  let results: Results;
  try {
    results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch (error) {
    throw new OperationError('BENCH', `cannot read results from ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (results.format !== 1)
    throw new OperationError('BENCH', `${file} is not a file of results that this version reads`);
  return results;
}

/** The first Ctrl-C ends the measurement and stops all servers; the second one does not wait for that. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    tell('stopping ...');
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return controller.signal;
}

/** On a terminal, one line that is overwritten; elsewhere nothing, so that logs stay short. */
function tell(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${words}`);
}
