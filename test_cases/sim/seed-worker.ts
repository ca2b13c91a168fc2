import { parentPort } from 'node:worker_threads';
import { runScenario } from './run-scenario.ts';
import { type Draw, drawScenario } from './scenario.ts';

/** Runs the seeds that it is told, one at a time, and tells what came of each. */
parentPort!.on('message', async ({ seed, draw }: { readonly seed: number; readonly draw: Draw }) => {
  parentPort!.postMessage(await runScenario(drawScenario(seed, draw)));
});
