import { ERRORS, type ErrorCode } from '../../base/error-codes.ts';

/** Errors of one controller, for which the request has not been carried out, and which another member may not have. */
export const MAY_SUCCEED_ELSEWHERE: ReadonlySet<ErrorCode> = new Set(
  (
    [
      'CATCHING_UP',
      'CLOCK_UNKNOWN',
      'JOURNAL_NOT_WRITABLE',
      'NO_LEASE',
      'NO_MAJORITY',
      'NO_VIEW',
      'OUT_OF_VIEW',
      'STORE_DOWN',
      'VALUE_LOST',
    ] satisfies ErrorCode[]
  ).filter((code) => !ERRORS[code].mayHaveHappened),
);
