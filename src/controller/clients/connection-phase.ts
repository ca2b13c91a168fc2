/**
 * How far a connection is on its way to its end. The numbers grow, because a connection only ever goes
 * forward. It takes requests in the phases before `answering`.
 */
export const PHASES = {
  open: 0,
  /**
   * The connection ends with the next answer after which no request is left. So far the client has waited for
   * each answer.
   */
  last: 1,
  /**
   * As `last`, but the client has sent requests before it had all answers, so more requests may be on the
   * way.
   */
  lastOfPipeline: 2,
  /** The client has closed its side; the requests that it has sent are still taken. */
  halfClosed: 3,
  /** No more requests are taken; the connection ends once all are answered. */
  answering: 4,
  /** The last answer has been sent, and the client has a moment to close its side. */
  lingering: 5,
  closed: 6,
} as const;

export type Phase = (typeof PHASES)[keyof typeof PHASES];

/**
 * `paused`: the socket is not read. `yielded`: in addition, bytes that were read are not decoded before the
 * next turn.
 */
export type Input = 'flowing' | 'paused' | 'yielded';
