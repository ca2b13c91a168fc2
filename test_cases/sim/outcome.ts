import type { FaultKind } from './faults.ts';
import type { Transcript } from './transcript.ts';
import type { Violation } from './violation.ts';

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** How many operations were checked. */
  readonly operations: number;
  /** How many operations failed or have an unknown outcome. */
  readonly failures: number;
  /** How many keys take too long to check. */
  readonly undecided: number;
  /** Whether the history was small enough for an exact search. */
  readonly searched: boolean;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** How many views were installed. */
  readonly views: number;
  /** How often a controller went on from what was on its disk. */
  readonly recoveries: number;
  /** How often all controllers did so. */
  readonly resumptions: number;
  /** How often a controller started empty, and abandoned what it knew. */
  readonly emptyStarts: number;
  readonly virtualMs: number;
  /** Null unless it was asked for. */
  readonly transcript: Transcript | null;
}
