import type { LogFields } from './log.ts';

/**
 * An invariant of this program does not hold: there is a mistake in the code, and the state in memory can not be
 * trusted. Nobody catches it; the process logs it with what it knew, and ends.
 *
 * What comes from outside is never a reason for one. Bytes of a peer, a client, a store or a disk are checked where
 * they come in, and refused there.
 */
export class InvariantError extends Error {
  readonly code = 'INVARIANT';
  /** What the code knew when it noticed, for the log. */
  readonly known: LogFields;

  /** @param message what is the case, and must not be */
  constructor(message: string, known: LogFields = {}) {
    super(message);
    this.name = 'InvariantError';
    this.known = known;
  }
}
