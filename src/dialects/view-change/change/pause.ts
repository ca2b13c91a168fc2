/**
 * Resolves after so many milliseconds. The timer is the global one, so that a test may let it stand still; a timer of
 * `node:timers/promises` would go on.
 *
 * @param keepsProcess the process goes on until then
 */
export function pause(ms: number, keepsProcess = true): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (!keepsProcess) timer.unref();
  });
}
