import type { Version } from '../../ordering/version.ts';
import type { Level } from '../../placement/level.ts';
import type { EntryReply, Reply } from '../../protocol/reply.ts';
import type {
  ArithmeticRequest,
  DebugRequest,
  DeleteRequest,
  FlushAllRequest,
  GetAndTouchRequest,
  GetRequest,
  ReadItemRequest,
  StorageRequest,
  TouchRequest,
} from '../../protocol/request.ts';
import type { SeenPart } from '../convergent/messages.ts';

/** A request that one group can carry out. A `get` or `gat` has one key, and a `flush_all` concerns the group alone. */
export type AskedRequest =
  | GetRequest
  | GetAndTouchRequest
  | ReadItemRequest
  | StorageRequest
  | ArithmeticRequest
  | TouchRequest
  | DeleteRequest
  | DebugRequest
  | FlushAllRequest;

/**
 * A request of a client, for a member of the group that has its key. The message names the group. The sender has no
 * part in it.
 */
export interface HopAsk {
  readonly type: 'ask';
  /** Names the request on this link. A number is never used twice by a run. */
  readonly number: number;
  /** The client of the sender. The requests of one client take effect in the order in which they are sent. */
  readonly client: number;
  /** The level that the connection of the client asks for; null for that of the keyspace. */
  readonly level: Level | null;
  /** The bound on staleness that the connection asks for, in milliseconds; null for none. */
  readonly maxAgeMs: number | null;
  /**
   * What the client has seen of the group, where its writes have one order: reads wait until this is applied. Otherwise
   * `NO_VERSION`.
   */
  readonly after: Version;
  readonly request: AskedRequest;
}

export type AskedReply = EntryReply | Extract<Reply, { readonly kind: 'hits' }>;

/** The reply to a request that was asked for. */
export interface HopAnswer {
  readonly type: 'answer';
  readonly number: number;
  readonly reply: AskedReply;
  /** The letter of the level that has served the read, and how old its answer is at most, where the request asks. */
  readonly servedLevel: string;
  readonly servedAgeMs: number;
  /** The version that the member had applied last when it answered; `NO_VERSION` where writes have no common order. */
  readonly applied: Version;
}

/** What the client of the request that follows has seen in groups at `causal`. */
export interface AskSession {
  readonly type: 'ask-session';
  readonly parts: readonly SeenPart[];
}

/** What the session has seen once it has the answer that follows. */
export interface AnswerSession {
  readonly type: 'answer-session';
  /** That of the answer. */
  readonly number: number;
  readonly parts: readonly SeenPart[];
}

export type HopMessage = HopAsk | HopAnswer | AskSession | AnswerSession;

export function isHopMessage(message: { readonly type: string }): message is HopMessage {
  return (
    message.type === 'ask' ||
    message.type === 'answer' ||
    message.type === 'ask-session' ||
    message.type === 'answer-session'
  );
}
