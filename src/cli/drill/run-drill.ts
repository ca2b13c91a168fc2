import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { ensureDirectory } from '../../controller/directory.ts';
import type { Address } from '../../controller/settings.ts';
import { birthOf } from '../cluster/processes.ts';
import { withRunLock } from '../cluster/run-record.ts';
import { DRILL_SEEDS } from '../command-line/drill-flags.ts';
import { OperationError, UsageError } from '../failure.ts';
import { whileUninterrupted } from '../interruption.ts';
import { lookOf } from '../look.ts';
import { findingsAsJson } from './drill-json.ts';
import type { DrillOptions } from './drill-options.ts';
import { writePage } from './drill-page.ts';
import { type DrillFindings, planInWords, reportOfDrill, stepInWords } from './drill-report.ts';
import { type DrillCourse, type DrillPlan, DrillRun } from './drill-run.ts';
import { type DrillTarget, findTarget, keyPrefixFor } from './drill-target.ts';
import { defaultFaults, FAULTS, type FaultFacts, type FaultName } from './fault-table.ts';
import { Guard } from './guard.ts';
import { judgeDrill } from './judge-drill.ts';
import { obstacleOfCuts } from './link-cut.ts';
import { LocalCluster } from './local-cluster.ts';
import { removeKeys, undoDrill } from './undo.ts';
import { loadUndoRecord, UndoLog } from './undo-record.ts';

/** Exit codes for scripts. */
const EXIT_KEPT = 0;
const EXIT_BROKEN = 1;
const EXIT_NOT_RUN = 2;
const EXIT_UNDECIDED = 3;

/**
 * Does faults to a running cluster while recorded clients use it, and judges what they saw.
 *
 * @param addresses where controllers of the cluster are
 * @returns the exit code
 * @throws UsageError
 */
export async function runDrill(
  options: DrillOptions,
  addresses: readonly Address[],
  directory: string,
): Promise<number> {
  try {
    ensureDirectory(directory);
    if (options.undo) return await undo(directory);
    const findings = await whileUninterrupted(
      'what the drill did is undone, and its keys are removed',
      (signal) => drill(options, addresses, directory, signal),
    );
    return conclude(findings, options, directory);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    process.stderr.write(`memchorus: ${error.message}\n`);
    return EXIT_NOT_RUN;
  }
}

async function undo(directory: string): Promise<number> {
  const was = await undoDrill(directory);
  process.stdout.write(
    was ? 'the drill is undone, and its keys are removed\n' : 'no drill has left anything to undo\n',
  );
  return EXIT_KEPT;
}

async function drill(
  options: DrillOptions,
  addresses: readonly Address[],
  directory: string,
  signal: AbortSignal,
): Promise<DrillFindings> {
  if (loadUndoRecord(directory) !== null) {
    await undoDrill(directory);
    say(options, 'an earlier drill had not been undone; it is now\n');
  }
  const target = await findTarget(addresses, options.keyspace);
  const cluster = await LocalCluster.of(directory, target.addresses);
  const cutObstacle = options.faults?.includes('cut') ? await obstacleOfCuts() : '';
  const facts = factsOf(target, cluster, cutObstacle);
  const faults = chosenFaults(options, cluster, facts);
  const seed = options.seed ?? randomInt(DRILL_SEEDS);
  const plan: DrillPlan = {
    target,
    cluster: typeof cluster === 'string' ? null : cluster,
    faults,
    forMs: options.forMs,
    clients: options.clients ?? 2 * target.addresses.length,
    seed,
    prefix: keyPrefixFor(target, `${seed}-${process.pid}`),
  };
  say(options, `${planInWords(plan, facts, lookOf(process.stdout)).join('\n')}\n\n`);
  const course =
    faults.length === 0
      ? await undoneAfterwards(plan, options, directory, signal)
      : await withRunLock(directory, () => undoneAfterwards(plan, options, directory, signal));
  say(options, '\n');
  return { plan, facts, course, verdict: judgeDrill(target.keyspace.level, course.record) };
}

/** Whatever happens: nothing that was done is left, or `drill --undo` knows of it. */
async function undoneAfterwards(
  plan: DrillPlan,
  options: DrillOptions,
  directory: string,
  signal: AbortSignal,
): Promise<DrillCourse> {
  const { addresses } = plan.target;
  const drill = { pid: process.pid, birth: birthOf(process.pid)! };
  const keys = { prefix: plan.prefix, count: 0 };
  const log = new UndoLog(directory, {
    format: 1,
    drill,
    addresses,
    keys,
    paused: [],
    cut: null,
    hasEnded: false,
  });
  const guard = new Guard(directory);
  const run = new DrillRun(plan, log, signal, (step) => say(options, `${stepInWords(step)}\n`));
  try {
    return await run.run();
  } finally {
    // If something stays paused, cut or ended, the guard undoes it once this process has ended.
    const { paused, cut, hasEnded } = log.record;
    if (paused.length === 0 && cut === null && !hasEnded) {
      await removeKeys(log.record);
      log.remove();
      guard.dismiss();
    }
  }
}

function factsOf(target: DrillTarget, cluster: LocalCluster | string, cutObstacle: string): FaultFacts {
  return {
    controllers: target.addresses.length,
    durability: target.durability,
    levels: target.keyspaces.map(({ level }) => level),
    storeObstacle: typeof cluster === 'string' ? cluster : cluster.storeObstacle,
    cutObstacle,
  };
}

/** @throws UsageError when a fault cannot be done, or must not be */
function chosenFaults(
  { faults }: DrillOptions,
  cluster: LocalCluster | string,
  facts: FaultFacts,
): readonly FaultName[] {
  if (faults?.length === 0) return [];
  if (typeof cluster === 'string')
    throw new UsageError(
      'UNSAFE_FAULT',
      `no faults can be done to this cluster: ${cluster}; --faults none judges what clients see without faults`,
    );
  for (const name of faults ?? []) {
    const obstacle = FAULTS[name].obstacle(facts);
    if (obstacle !== null) throw new UsageError('UNSAFE_FAULT', `--faults ${name} is refused: ${obstacle}`);
  }
  return faults ?? defaultFaults(facts);
}

/** Prints the result, and writes the page. */
function conclude(findings: DrillFindings, options: DrillOptions, directory: string): number {
  const file = options.page ?? join(directory, `drill-${findings.plan.seed}.html`);
  if (options.json) process.stdout.write(`${findingsAsJson(findings)}\n`);
  else process.stdout.write(`${reportOfDrill(findings, lookOf(process.stdout)).join('\n')}\n`);
  writePage(file, findings);
  say(options, `The page with the time line: ${file}\n`);
  const { verdict, course } = findings;
  if (verdict.kind === 'broken') return EXIT_BROKEN;
  if (course.trouble !== null) return EXIT_NOT_RUN;
  return verdict.kind === 'kept' ? EXIT_KEPT : EXIT_UNDECIDED;
}

/** With `--json` the output is one object, and all else goes to stderr. */
function say({ json }: DrillOptions, text: string): void {
  (json ? process.stderr : process.stdout).write(text);
}
