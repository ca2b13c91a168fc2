import { parentPort } from 'node:worker_threads';
import { runScenario } from './run-scenario.ts';
import { type Draw, drawScenario } from './scenario.ts';

/** Runs the seeds that it is told, one at a time, and tells what came of each. */
async function run({ seed, draw }: { readonly seed: number; readonly draw: Draw }): Promise<void> {
  parentPort!.postMessage(await runScenario(drawScenario(seed, draw)));
}

parentPort!.on('message', (task) => void run(task));
