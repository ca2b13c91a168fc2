import { parentPort } from 'node:worker_threads';
import { runScenario } from './run-scenario.ts';
import { type Draw, drawScenario } from './scenario.ts';

/** Runs one seed, and sends its outcome back. */
async function run({ seed, draw }: { readonly seed: number; readonly draw: Draw }): Promise<void> {
  parentPort!.postMessage(await runScenario(drawScenario(seed, draw)));
}

parentPort!.on('message', (task) => void run(task));
