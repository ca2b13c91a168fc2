/**
 * How long something may take in a test, in milliseconds: so much longer than it ever takes, on a machine with much other
 * work too, that only what hangs takes longer. No test says by it how fast anything is.
 */
export const HANGS_AFTER_MS = 120_000;
