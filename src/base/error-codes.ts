/** What is said of one error code; `docs/protocol.md` has the same words. */
interface ErrorMeaning {
  /** The request may have taken effect, or may still do so. False: it has not, and never will. */
  readonly mayHaveHappened: boolean;
  readonly meaning: string;
}

const notDone = (meaning: string): ErrorMeaning => ({ mayHaveHappened: false, meaning });
const unknown = (meaning: string): ErrorMeaning => ({ mayHaveHappened: true, meaning });

/**
 * Every reason for which a controller answers a request with a server error. A code keeps its meaning from release to
 * release; the text that goes with it is for people, and may change.
 */
export const ERRORS = {
  NO_MAJORITY: notDone('this controller hears too few controllers for a majority'),
  NO_VIEW: notDone('the controllers have not formed a view yet'),
  OUT_OF_VIEW: notDone('the others serve in a view without this controller'),
  NOT_VOTING: notDone('this controller does not vote, and serves nothing until it does'),
  NO_LEASE: notDone('this controller holds no lease in its view'),
  MEMBER_UNAVAILABLE: notDone('a member of the view is silent, or its journal takes no writes'),
  CATCHING_UP: notDone('this controller is still fetching what it has missed'),
  SESSION_AHEAD: notDone('the session has seen writes elsewhere that this controller does not have yet'),
  NO_SESSIONS: notDone('sessions go from one controller to another at the level `causal` alone'),
  TOKEN_BROKEN: notDone('the session token is damaged, or of another release'),
  TOKEN_FOREIGN: notDone('the session token is of another cluster'),
  TOKEN_FORGED: notDone('the session token was not made by a controller of this cluster'),
  CLOCK_UNKNOWN: notDone('the controllers have not agreed on the time'),
  JOURNAL_NOT_WRITABLE: notDone('the journal of this controller takes no writes'),
  QUEUE_FULL: notDone('too many bytes wait for agreement (`queue_bytes_max`)'),
  STORE_DOWN: notDone('the memcached of this controller can not be reached'),
  VALUE_LOST: notDone('no controller that could be asked still has the value'),
  READ_OVERTAKEN: notDone('the value was lost and overwritten while it was read: read again'),
  TIMED_OUT: notDone('the request could not be started, or read, within `request_timeout`'),
  NOT_AGREED_IN_TIME: unknown('the write was sent to the members, and not agreed within `request_timeout`'),
  VIEW_CHANGED: unknown('the view changed while the write was being agreed'),
  LEVELS_CHANGING: notDone('the keyspace is being changed, or another change is under way or came first'),
  MEMBERS_CHANGING: notDone('another change of the controllers is under way, or came first'),
  OLDER_RELEASE: notDone('a controller runs a release that can not do this: upgrade it first'),
  STORE_FAILED: unknown(
    'the memcached of this controller failed or refused while it carried the request out',
  ),
  STORE_TIMEOUT: unknown('the memcached of this controller did not answer an administrative command in time'),
  JOURNAL_FAILED: unknown('the write was applied, and the journal could not make it durable'),
  VALUE_TOO_LARGE: notDone('the value is larger than `item_size_max`'),
  OUT_OF_MEMORY: notDone('all clients together use as much memory as they may'),
  SHARD_UNAVAILABLE: notDone('no controller that has the key can be reached'),
  WRONG_SHARD: notDone('the controller that was asked for the key does not have it'),
  CONTROLLER_LOST: unknown('the controller that has the key went away before it answered'),
  STALE: notDone('no proof that what this controller has is as new as the read asks for'),
  LEVEL_UNKNOWN: notDone('the client asks for a level that does not exist'),
  LEVEL_TOO_STRONG: notDone('the client asks for a level that is stronger than that of the keyspace'),
  CLIENT_LEFT: notDone('the client has closed its connection: no client ever sees this code'),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** Why a request, or a part of it, can not be carried out. */
export interface RequestFailure {
  readonly code: ErrorCode;
  /** Human-readable. */
  readonly reason: string;
}

export function failure(code: ErrorCode, reason: string): RequestFailure {
  return { code, reason };
}
