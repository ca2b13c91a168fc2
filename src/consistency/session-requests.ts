import { failure, type RequestFailure } from '../base/error-codes.ts';
import type { GroupNumber } from '../base/number-kinds.ts';
import { FIRST_SHARD_GROUP } from '../placement/shards.ts';
import { failed, REPLIES } from '../protocol/reply.ts';
import type { SessionRequest } from '../protocol/request.ts';
import { lastingParts, noteSeen, type Session } from '../replication/request-context.ts';
import type { SchemeSessions } from '../replication/sessions.ts';
import type { Operation } from './operation.ts';
import type { RequestRouter } from './policies.ts';
import { decodeToken, encodeToken, type TokenPorts } from './session-token.ts';

export interface SessionRequestsPorts extends TokenPorts {
  readonly router: RequestRouter;
  /** By how much a version time is ahead of the latest that it can be now, in milliseconds. */
  readonly aheadMs: (versionTime: number) => number;
  readonly maxClockSkewMs: number;
  /** A keyspace may have had another level before, so that a token may be of a group that is no more. */
  readonly mayBeGone: () => boolean;
  /** See `ControllerPorts`. */
  readonly hasEnded: (group: GroupNumber) => boolean;
}

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
  tokenOf({ parts }: Session): string {
    // mutant: token-names-ended-groups
    const lasting = lastingParts(parts, this.#ports.hasEnded);
    return this.#hasSessions ? encodeToken(this.#ports, lasting) : '';
  }

  /** The session goes on from that of the token, too. @returns why it does not; null when it does */
  take(session: Session, token: string): RequestFailure | null {
    const { aheadMs, maxClockSkewMs, mayBeGone } = this.#ports;
    if (!this.#hasSessions && !mayBeGone()) return NO_SESSIONS;
    const content = decodeToken(this.#ports, token);
    if (content.kind === 'refused') return content.failure;
    for (const { group, seen } of content.parts) {
      if (this.#sessionsOf(group) === null && !this.#isElsewhere(group) && !mayBeGone()) return NO_SUCH_GROUP;
      if (aheadMs(seen.newestTime) > maxClockSkewMs) return OF_THE_FUTURE;
    }
    for (const { group, seen } of content.parts) {
      const sessions = this.#sessionsOf(group);
      if (sessions !== null) sessions.join(session, seen);
      // A group that gets keys by a move may begin to serve here later than at the controller that gave the token.
      else if (this.#isElsewhere(group) || this.#isOfShard(group)) noteSeen(session, group, seen);
    }
    return null;
  }

  /** The group is one of a shard that has keys, is about to get some, or had some. */
  #isOfShard(group: GroupNumber): boolean {
    return this.#ports.router.hasShards && group >= FIRST_SHARD_GROUP;
  }

  /** Other controllers have the group. */
  #isElsewhere(group: GroupNumber): boolean {
    return this.#ports.router.parts.some(({ elsewhere }) => elsewhere?.group === group);
  }

  get #hasSessions(): boolean {
    return this.#ports.router.groups.some(({ scheme }) => scheme.sessions !== null);
  }

  #sessionsOf(number: GroupNumber): SchemeSessions | null {
    const group = this.#ports.router.groups.find((one) => one.number === number);
    return group?.scheme.sessions ?? null;
  }
}

const NO_SUCH_GROUP = failure(
  'TOKEN_FOREIGN',
  'the session token is of a group that this controller does not have',
);

const OF_THE_FUTURE = failure('TOKEN_FORGED', 'the session token names writes of the future');

const NO_SESSIONS = failure(
  'NO_SESSIONS',
  'sessions go from one controller to another at the level causal alone',
);
