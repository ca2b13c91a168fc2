/** What a request spends its time on. Each has a number, which is the place of its time in a list of times. */
export const PHASES = {
  /** Behind earlier requests of its connection, at a gate that is not open, or for room for the value that it reads. */
  waiting: 0,
  /**
   * A write: until every member of the view has it, on disk where durability is `sync`. A read: until the writes of
   * its key that are under way are settled.
   */
  agreement: 1,
  /** Until the store, or whichever controller has the value, has answered. */
  store: 2,
  /** Until the write is on the disk of this controller, at the levels that ask for no agreement. */
  journal: 3,
  /** From its outcome until its reply is handed to the socket: behind the replies to earlier requests. */
  reply: 4,
} as const;

export type RequestPhase = keyof typeof PHASES;

export type PhaseNumber = (typeof PHASES)[RequestPhase];

export const PHASE_NAMES = Object.keys(PHASES) as readonly RequestPhase[];

/** A time of zero for each phase. */
export function noTimes(): number[] {
  return PHASE_NAMES.map(() => 0);
}
