/** Something that went wrong in a run. */
export interface Violation {
  readonly kind: ViolationKind;
  /** A description for a human reader. */
  readonly text: string;
}

export type ViolationKind =
  /** A broken invariant, in the code under test or in the simulator. */
  | 'crashed'
  /** A controller does not serve again, or never answers. */
  | 'not-live'
  | 'unanswered'
  | 'failed-without-fault'
  | 'not-linearizable'
  | 'not-sequential'
  | 'not-causal'
  | 'miscounted'
  /** A read was older than its bound. */
  | 'too-old'
  | 'went-back'
  /** Views that were installed one after the other do not have placements that follow each other. */
  | 'two-placements'
  | 'diverged'
  | 'lost'
  /** Cluster time is wrong, or an entry did not live as long as was asked. */
  | 'wrong-time'
  | 'invented';

/** Thrown where a run cannot go on. */
export class NotLive extends Error {}

/** What a run did wrong that has ended with this error. */
export function violationOf(error: Error): Violation {
  const { message, stack = message } = error;
  return error instanceof NotLive ? { kind: 'not-live', text: message } : { kind: 'crashed', text: stack };
}
