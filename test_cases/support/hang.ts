/**
 * A bound for anything that a test waits for, in milliseconds. It is so much longer than anything takes, even on a busy
 * machine, that only an operation that hangs exceeds it. No test measures speed by it.
 */
export const HANGS_AFTER_MS = 120_000;
