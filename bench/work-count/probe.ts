import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { run } from '../../src/cli/run.ts';

/**
 * A controller that tells its parent how much it has allocated. Its parent starts it with `--expose-gc`, and with a
 * young generation so large that nothing is collected while operations are counted: then the growth of the heap is
 * what was allocated.
 */
export interface Allocation {
  /** Heap and buffers in use. */
  readonly bytes: number;
  /** Collections since the last `settle`; with any, `bytes` says nothing. */
  readonly collections: number;
}

export type Question = 'settle' | 'read';

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
observer.observe({ entryTypes: ['gc'] });

async function answer(question: Question): Promise<void> {
  if (question === 'settle') {
    // Twice: the buffers that a collection finds dead are released after it, at the latest by the next one.
    for (let time = 0; time < 2; time++) {
      globalThis.gc?.();
      await recordsAreIn();
    }
    collections = 0;
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  await recordsAreIn();
  process.send?.({ bytes: heapUsed + arrayBuffers, collections } satisfies Allocation);
}

process.on('message', (question: Question) => void answer(question));
process.channel?.unref();

process.exitCode = await run(process.argv.slice(2));

/** The observer is told of a collection a turn or two after it. */
async function recordsAreIn(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}
