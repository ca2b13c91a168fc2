/**
 * How far a controller has come with the move of a keyspace, in the order in which it gets there.
 *
 *  - `begun`: the placement of this phase is installed there.
 *  - `opened`: it takes part in the group to which the keyspace is moved.
 *  - `copied`: that group has the records there, except for the writes of the last moment.
 *  - `fenced`: no write of the keyspace is under way there any more.
 *  - `handed-over`: all records are in the other group there, as safe as the journal keeps them.
 *  - `cleared`: the group that does not serve the keyspace has forgotten it there.
 */
export const MOVE_STEPS = ['begun', 'opened', 'copied', 'fenced', 'handed-over', 'cleared'] as const;

export type MoveStep = (typeof MOVE_STEPS)[number];

/** What a controller says, while a keyspace is moved, of its own part in that. It follows each heartbeat. */
export interface Moving {
  readonly type: 'moving';
  /** Of the placement that is installed there. */
  readonly epoch: number;
  readonly step: MoveStep;
  /** Records that it has copied or forgotten, and how many there are about. */
  readonly done: number;
  readonly total: number;
  /** What it waits for. Human-readable; empty for nothing but time. */
  readonly trouble: string;
}

/** The controller with the first step has come at least as far as the second. */
export function hasReached(step: MoveStep, wanted: MoveStep): boolean {
  return MOVE_STEPS.indexOf(step) >= MOVE_STEPS.indexOf(wanted);
}
