/** What the user asked for cannot be understood or is not allowed: one line on stderr, exit code 2. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** What the user asked for was understood, but could not be done: stderr, exit code 1. */
export class OperationError extends Error {
  readonly code = 'OPERATION';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperationError';
  }
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The text of an error of unknown origin. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's code of a system error, such as `ENOENT`; empty for anything else. */
export function systemCodeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
