import { OperationError } from './failure.ts';

/**
 * Runs an action. SIGINT, SIGTERM and SIGHUP abort the signal that it gets, and nothing else: further ones must not end
 * this process before it has stopped what it has started.
 *
 * @param outcome what has become of what the action had begun, for the error
 * @throws OperationError when it was interrupted
 */
export async function whileUninterrupted<T>(
  outcome: string,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const onSignal = (): void =>
    interrupted.abort(new OperationError('INTERRUPTED', `interrupted; ${outcome}`));
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await action(interrupted.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
