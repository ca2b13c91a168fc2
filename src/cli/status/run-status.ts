import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../controller/settings.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK } from '../failure.ts';
import type { ResolvedSettings } from '../settings/configuration.ts';
import { askCluster, type ControllerAnswer } from './ask-cluster.ts';
import { addressesOf } from './cluster-addresses.ts';
import { renderCluster } from './cluster-table.ts';
import { type ClusterState, type ClusterVerdict, judge } from './verdict.ts';

/** Exit codes for scripts. A mistake in the command line gives 2, as in every command. */
const EXIT_CODES: Readonly<Record<ClusterState, number>> = {
  healthy: EXIT_OK,
  degraded: 1,
  unavailable: 3,
};

/** The time between two looks of `--watch`, in milliseconds. */
const WATCH_EVERY_MS = 1000;

/** Prints the state of the whole cluster, as each of its controllers reports it. @returns the exit code */
export async function runStatus(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): Promise<number> {
  const addresses = addressesOf(line, configuration, runDirectory);
  const render = line.json ? asJson : renderCluster;
  if (line.watch) return watch(addresses, render);
  const { text, exitCode } = await statusScreen(addresses, render);
  process.stdout.write(`${text}\n`);
  return exitCode;
}

interface StatusScreen {
  readonly text: string;
  readonly exitCode: number;
}

/** Asks all controllers once. */
export async function statusScreen(
  addresses: readonly Address[],
  render: (answers: readonly ControllerAnswer[], verdict: ClusterVerdict) => string = renderCluster,
): Promise<StatusScreen> {
  const answers = await askCluster(addresses);
  const verdict = judge(answers);
  return { text: render(answers, verdict), exitCode: EXIT_CODES[verdict.state] };
}

/** Looks until it is interrupted. @returns the exit code of the last look */
async function watch(addresses: readonly Address[], render: typeof asJson): Promise<number> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const before = process.stdout.isTTY ? CLEAR_SCREEN : '';
  const after = render === asJson || process.stdout.isTTY ? '\n' : '\n\n';
  for (;;) {
    const { text, exitCode } = await statusScreen(addresses, render);
    process.stdout.write(before + text + after);
    const isOver = await sleep(WATCH_EVERY_MS, false, { signal: interrupted.signal }).catch(() => true);
    if (isOver) return exitCode;
  }
}

/** See ECMA-48: moves the cursor to the first place and erases everything behind it. */
const CLEAR_SCREEN = '\x1b[H\x1b[2J';

/** One line; fields are only ever added. */
function asJson(answers: readonly ControllerAnswer[], { state, summary, notes }: ClusterVerdict): string {
  return JSON.stringify({ state, summary, notes, controllers: answers });
}
