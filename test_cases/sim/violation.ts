/** Something that a run shows and that no run may show. */
export interface Violation {
  readonly kind: ViolationKind;
  /** What exactly, for people. */
  readonly text: string;
}

export type ViolationKind =
  /** A broken invariant, in the code under test or in the simulator. */
  | 'crashed'
  /** Something does not serve again, or never answers. */
  | 'not-live'
  | 'unanswered'
  | 'failed-without-fault'
  | 'not-linearizable'
  | 'not-sequential'
  | 'miscounted'
  | 'went-back'
  | 'diverged'
  | 'lost'
  /** Cluster time is wrong, or an entry did not live as long as it was to. */
  | 'wrong-time'
  | 'invented';

/** Thrown where a run can't go on. */
export class NotLive extends Error {}
