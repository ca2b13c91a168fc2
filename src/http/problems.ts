import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode, type RequestFailure } from '../base/error-codes.ts';

/** What is said of an error that only the HTTP side has. */
interface HttpErrorMeaning {
  readonly status: number;
  readonly meaning: string;
}

/** The errors of the HTTP side alone. As with `ERRORS`, a code keeps its meaning from release to release. */
export const HTTP_ERRORS = {
  MALFORMED: { status: 400, meaning: 'the request does not fit the description of its route' },
  CURSOR_UNKNOWN: {
    status: 400,
    meaning: 'the cursor is of another controller, or of an earlier run of this one',
  },
  KEY_REFUSED: { status: 400, meaning: 'the key is empty or longer than 250 bytes' },
  ORIGIN_FOREIGN: { status: 403, meaning: 'a page that is not of this cluster has sent the request' },
  ROUTE_UNKNOWN: { status: 404, meaning: 'there is no such route' },
  NOT_FOUND: { status: 404, meaning: 'the key has no entry' },
  KEYSPACE_UNKNOWN: { status: 404, meaning: 'there is no keyspace of this name' },
  TOO_SLOW: { status: 408, meaning: 'the request took too long to arrive' },
  NOT_A_NUMBER: { status: 409, meaning: 'the value to count up or down is no decimal number' },
  NOT_STORED: {
    status: 409,
    meaning: 'there is no entry to add to, or it would become larger than `item_size_max`',
  },
  MEMBERS_FIXED: { status: 409, meaning: 'which controllers vote cannot be changed in this way' },
  KEYSPACE_FIXED: { status: 409, meaning: 'the keyspace cannot be changed in this way' },
  PRECONDITION_FAILED: { status: 412, meaning: 'the entry is not as `If-Match` or `If-None-Match` asks for' },
  BODY_TOO_LARGE: { status: 413, meaning: 'the body is larger than `item_size_max`' },
  BODY_TYPE: { status: 415, meaning: 'the route does not take bodies of this `Content-Type`' },
  HOST_UNKNOWN: { status: 421, meaning: '`Host` names no controller of this cluster' },
  HEADERS_TOO_LARGE: { status: 431, meaning: 'the headers are longer than 16 KiB' },
  INTERNAL: { status: 500, meaning: 'a fault of the controller, which has logged it' },
  COMMAND_UNANSWERED: { status: 504, meaning: 'a command of the console was not answered completely' },
  TOO_MANY_CONNECTIONS: { status: 503, meaning: 'clients have as many connections as they may' },
  TOO_MANY_STREAMS: { status: 503, meaning: 'as many clients as may follow the events of all controllers' },
} as const satisfies Readonly<Record<string, HttpErrorMeaning>>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** The cluster cannot carry the request out now, and may be able to soon. */
const UNAVAILABLE = 503;
/** The answer did not come in time, and the request may have taken effect. */
const UNKNOWN = 504;
/** The client, or all clients together, ask for more than there is room for. */
const OVERLOADED = 429;
const WRONG = 400;
/** The cluster is in a state in which the request cannot be carried out. */
const CONFLICT = 409;

/** The status of each reason for which a controller cannot carry a request out. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  NO_MAJORITY: UNAVAILABLE,
  NO_VIEW: UNAVAILABLE,
  OUT_OF_VIEW: UNAVAILABLE,
  NOT_VOTING: UNAVAILABLE,
  NO_LEASE: UNAVAILABLE,
  MEMBER_UNAVAILABLE: UNAVAILABLE,
  CATCHING_UP: UNAVAILABLE,
  SESSION_AHEAD: UNAVAILABLE,
  NO_SESSIONS: WRONG,
  TOKEN_BROKEN: WRONG,
  TOKEN_FOREIGN: WRONG,
  TOKEN_FORGED: WRONG,
  CLOCK_UNKNOWN: UNAVAILABLE,
  JOURNAL_NOT_WRITABLE: UNAVAILABLE,
  QUEUE_FULL: OVERLOADED,
  STORE_DOWN: UNAVAILABLE,
  VALUE_LOST: UNAVAILABLE,
  READ_OVERTAKEN: UNAVAILABLE,
  TIMED_OUT: UNAVAILABLE,
  NOT_AGREED_IN_TIME: UNKNOWN,
  VIEW_CHANGED: UNKNOWN,
  LEVELS_CHANGING: CONFLICT,
  MEMBERS_CHANGING: CONFLICT,
  OLDER_RELEASE: CONFLICT,
  STORE_FAILED: UNKNOWN,
  STORE_TIMEOUT: UNKNOWN,
  JOURNAL_FAILED: UNKNOWN,
  VALUE_TOO_LARGE: 413,
  OUT_OF_MEMORY: OVERLOADED,
  SHARD_UNAVAILABLE: UNAVAILABLE,
  WRONG_SHARD: UNAVAILABLE,
  CONTROLLER_LOST: UNKNOWN,
  STALE: UNAVAILABLE,
  LEVEL_UNKNOWN: WRONG,
  LEVEL_TOO_STRONG: WRONG,
  CLIENT_LEFT: UNAVAILABLE,
};

/** Seconds after which a request that was refused for lack of room or of controllers may be tried again. */
const RETRY_AFTER_SECONDS = 1;

/** The body of an answer that is an error (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode | HttpErrorCode;
  /** Human-readable. */
  readonly detail: string;
  /** The request may have taken effect, or may still do so. */
  readonly mayHaveHappened: boolean;
}

/** An expected failure of a request. Its `status` is that of the answer. */
export class HttpProblem extends Error {
  readonly code: ErrorCode | HttpErrorCode;
  readonly status: number;

  constructor(code: ErrorCode | HttpErrorCode, detail: string) {
    super(detail);
    this.code = code;
    this.status = isHttpError(code) ? HTTP_ERRORS[code].status : STATUS_OF[code];
  }

  static of({ code, reason }: RequestFailure): HttpProblem {
    return new HttpProblem(code, reason);
  }

  get body(): ProblemBody {
    const { code, status, message } = this;
    return {
      type: `urn:memchorus:error:${code}`,
      title: STATUS_CODES[status]!,
      status,
      code,
      detail: message,
      mayHaveHappened: !isHttpError(code) && ERRORS[code].mayHaveHappened,
    };
  }

  /** Seconds after which the same request may succeed; null when it never will. */
  get retryAfterSeconds(): number | null {
    return this.status === UNAVAILABLE || this.status === OVERLOADED ? RETRY_AFTER_SECONDS : null;
  }

  /** The whole answer, for a connection on which nothing else can be sent. */
  get lastAnswer(): string {
    return this.lastAnswerAs(PROBLEM_TYPE);
  }

  /** The same. @param contentType of its body, which is JSON */
  lastAnswerAs(contentType: string): string {
    const body = JSON.stringify(this.body);
    const lines = [
      `HTTP/1.1 ${this.status} ${STATUS_CODES[this.status]}`,
      `Content-Type: ${contentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ];
    if (this.retryAfterSeconds !== null) lines.push(`Retry-After: ${this.retryAfterSeconds}`);
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

function isHttpError(code: ErrorCode | HttpErrorCode): code is HttpErrorCode {
  return code in HTTP_ERRORS;
}
