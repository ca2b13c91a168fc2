import { InvariantError } from '../../base/invariant-error.ts';
import type { ClosableLogger } from '../../controller/log/logger.ts';

/**
 * Logs the error that nobody caught, while Node.js is about to end the process: it prints the error with its stack to
 * stderr, where no one may be looking.
 */
export function logLastError(logger: Pick<ClosableLogger, 'writeLast'>, error: Error): void {
  if (error instanceof InvariantError) {
    const { message: invariant, known, stack } = error;
    logger.writeLast('ending: an invariant of this program does not hold', { invariant, ...known, stack });
  } else {
    logger.writeLast('ending: an unexpected error', { error });
  }
}
