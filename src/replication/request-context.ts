import type { Level } from '../placement/level.ts';

/** How far a client has got. A connection is a session. */
export interface Session {
  /**
   * Requests of the client that have been started. What is newest now may be newer than what the client has read or written
   * since an earlier request of the session, and must not be given to that one.
   */
  started: number;
}

/** What goes with a request from the front door to the scheme. A connection has one for all its requests. */
export interface RequestContext {
  /** The level that the requests ask for; null for the level of the keyspace. */
  readonly level: Level | null;
  readonly session: Session;
}

/** For the client of a new connection. */
export function newContext(): RequestContext {
  return { level: null, session: { started: 0 } };
}

/** For writes that no client has asked for. */
export const OWN_CONTEXT: RequestContext = Object.freeze(newContext());
