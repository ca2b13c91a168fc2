import type { Level } from '../placement/level.ts';

/** What one client has seen and written, as far as the schemes need it. A connection is a session. */
export interface Session {
  /**
   * Requests of the client that have been started. A read may find its value late, after a later request has been
   * started. The newest value may by then be newer than what the client has seen since, and must not be given to that
   * read.
   */
  started: number;
}

/** Goes with a request from the front door to the scheme. A connection has one context for all its requests. */
export interface RequestContext {
  /** The level that the requests ask for; null for the level of the keyspace. */
  readonly level: Level | null;
  readonly session: Session;
}

/** The context of a new connection. */
export function newContext(): RequestContext {
  return { level: null, session: { started: 0 } };
}

/** The context of writes that no client has asked for. */
export const OWN_CONTEXT: RequestContext = Object.freeze(newContext());
