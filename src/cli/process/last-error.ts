import { InvariantError } from '../../base/invariant-error.ts';
import type { ClosableLogger } from '../../controller/log/logger.ts';

/**
 * Logs an uncaught error while Node.js is about to end the process. Node.js prints the error with its stack
 * to stderr, which may not be read by anyone.
 */
export function logLastError(logger: Pick<ClosableLogger, 'writeLast'>, error: Error): void {
  if (error instanceof InvariantError) {
    const { message: invariant, known, stack } = error;
    logger.writeLast('ending: an invariant of this program does not hold', { invariant, ...known, stack });
  } else {
    logger.writeLast('ending: an unexpected error', { error });
  }
}
