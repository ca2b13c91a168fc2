import { setTimeout as sleep } from 'node:timers/promises';
import { HANGS_AFTER_MS } from './hang.ts';

const INTERVAL_MS = 20;

/**
 * Repeats the check until it passes: it returns without an error, and a result other than false.
 *
 * @throws the last error of the check, when it did not pass in time
 */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = HANGS_AFTER_MS): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      const result = await check();
      if (result !== false) return result;
      if (performance.now() >= until) throw new Error(`not so within ${withinMs} ms`);
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    await sleep(INTERVAL_MS);
  }
}
