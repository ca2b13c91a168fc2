import type { MonotonicMs, WallMs } from './number-kinds.ts';

/** The two clocks of a machine. The code gets them from outside, so that a simulation can turn them. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start: for durations, timeouts and leases. */
  readonly nowMs: () => MonotonicMs;
  /** Milliseconds since 1970 by the machine's wall clock, which may be wrong and may jump. */
  readonly wallMs: () => WallMs;
}
