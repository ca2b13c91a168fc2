import { failure, type RequestFailure } from '../base/error-codes.ts';
import { Stretches } from '../ordering/stretches.ts';
import { failed, REPLIES } from '../protocol/reply.ts';
import type { SessionRequest } from '../protocol/request.ts';
import type { Session } from '../replication/request-context.ts';
import type { SchemeSessions } from '../replication/sessions.ts';
import type { Operation } from './operation.ts';
import type { RequestRouter } from './policies.ts';
import { decodeToken, encodeToken, type TokenPorts } from './session-token.ts';

export interface SessionRequestsPorts extends TokenPorts {
  readonly router: RequestRouter;
  /** By how much a version time is ahead of the latest that it can be now, in milliseconds. */
  readonly aheadMs: (versionTime: number) => number;
  readonly maxClockSkewMs: number;
}

/** The number of the group in tokens, while there is one group with sessions. */
const GROUP = 1;

const NOTHING_SEEN = new Stretches();

/** `session` gives the token of the connection's session, and `session TOKEN` goes on from the session of a token. */
export class SessionRequests {
  readonly #ports: SessionRequestsPorts;

  constructor(ports: SessionRequestsPorts) {
    this.#ports = ports;
  }

  answer(operation: Operation, { token }: SessionRequest): void {
    const { session } = operation.context;
    if (token === null) {
      const own = this.tokenOf(session);
      return operation.finish(own === '' ? failed(NO_SESSIONS) : { kind: 'line', line: `SESSION ${own}` });
    }
    const refusal = this.take(session, token);
    operation.finish(refusal === null ? REPLIES.ok : failed(refusal));
  }

  /** The token of all that the session has seen; empty where there are no sessions. */
  tokenOf({ seen }: Session): string {
    return this.#sessions === null ? '' : encodeToken(this.#ports, GROUP, seen ?? NOTHING_SEEN);
  }

  /** The session goes on from that of the token, too. @returns why it does not; null when it does */
  take(session: Session, token: string): RequestFailure | null {
    const sessions = this.#sessions;
    if (sessions === null) return NO_SESSIONS;
    const content = decodeToken(this.#ports, token);
    if (content.kind === 'refused') return content.failure;
    const { aheadMs, maxClockSkewMs } = this.#ports;
    if (aheadMs(content.seen.newestTime) > maxClockSkewMs)
      return failure('TOKEN_FORGED', 'the session token names writes of the future');
    sessions.join(session, content.seen);
    return null;
  }

  get #sessions(): SchemeSessions | null {
    for (const { scheme } of this.#ports.router.groups) if (scheme.sessions !== null) return scheme.sessions;
    return null;
  }
}

const NO_SESSIONS = failure(
  'NO_SESSIONS',
  'sessions go from one controller to another at the level causal alone',
);
