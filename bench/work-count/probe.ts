import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { run } from '../../src/cli/run.ts';

/**
 * The answer of a controller that reports its allocation to its parent process. The parent starts it with
 * `--expose-gc`, and with a young generation so large that nothing is collected while operations are counted;
 * the growth of the heap is then what was allocated.
 */
export interface Allocation {
  /** Bytes of heap and buffers in use. */
  readonly bytes: number;
  /** Collections since the last `settle`; if there were any, `bytes` is meaningless. */
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
    // Twice, because the buffers that a collection finds dead may be released only by the next one.
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

/** Waits until the observer has been told of a collection, which is a turn or two later. */
async function recordsAreIn(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}
