import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './outcome.ts';
import type { Draw } from './scenario.ts';

/** A run that takes longer counts as endless. In real milliseconds; a usual run takes a thousandth. */
const RUN_MS_MAX = 120_000;

export interface SeedRange {
  readonly first: number;
  readonly seeds: number;
  readonly draw: Draw;
  /** How many runs there are at the same time; one for each core where it is not given. */
  readonly workers?: number;
  /** Called after every run. @returns true to end the rest */
  readonly onOutcome: (outcome: Outcome) => boolean;
}

/** Runs the scenarios of many seeds. Resolves when all have been run, or `onOutcome` has ended the rest. */
export async function runSeeds(range: SeedRange): Promise<void> {
  const next = { seed: range.first, enough: false };
  const workers = Math.min(range.workers ?? availableParallelism(), range.seeds);
  await Promise.all(Array.from({ length: workers }, () => runSome(range, next)));
}

/** The part of one worker, which takes seeds as long as there are any. */
async function runSome(range: SeedRange, next: { seed: number; enough: boolean }): Promise<void> {
  const end = range.first + range.seeds;
  let worker = startWorker();
  while (next.seed < end && !next.enough) {
    const seed = next.seed++;
    const outcome = await runOne(worker, seed, range.draw);
    if (outcome === null) {
      await worker.terminate();
      worker = startWorker();
    }
    if (range.onOutcome(outcome ?? endless(seed))) next.enough = true;
  }
  await worker.terminate();
}

function startWorker(): Worker {
  return new Worker(new URL('./seed-worker.ts', import.meta.url));
}

/** @returns null when the run does not end */
function runOne(worker: Worker, seed: number, draw: Draw): Promise<Outcome | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome | null>();
  const timer = setTimeout(resolve, RUN_MS_MAX, null);
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.postMessage({ seed, draw });
  return promise.finally(() => {
    clearTimeout(timer);
    worker.removeListener('error', reject);
  });
}

function endless(seed: number): Outcome {
  const text = `the run did not end within ${RUN_MS_MAX} ms of real time`;
  return {
    seed,
    violations: [{ kind: 'crashed', text }],
    operations: 0,
    failures: 0,
    undecided: 0,
    searched: false,
    faults: new Map(),
    views: 0,
    recoveries: 0,
    emptyStarts: 0,
    resumptions: 0,
    virtualMs: 0,
    transcript: null,
  };
}
