import type { Duplex } from 'node:stream';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** One connection of an HTTP client, as the routes know it. Its requests are carried out one after the other. */
export interface HttpClient {
  /**
   * Calls back once all earlier requests of the connection are over. @param go with false when there is no memory for
   * the request: it has to be refused
   */
  begin(go: (isAdmitted: boolean) => void): void;

  /**
   * Carries requests out, in their order, as a session of their own. It calls nothing back when the client leaves.
   *
   * @param withinMs they are answered within this time; null for `request_timeout`
   * @param answer called with a reply to each request
   */
  ask(
    requests: readonly Request[],
    withinMs: number | null,
    answer: (replies: readonly Reply[]) => void,
  ): void;

  /** The answer to the request has left, or never will. */
  end(): void;

  /** The answer under way is the last one of the connection. */
  readonly isLast: boolean;

  /** Makes the answer under way the last one: what the client has sent behind its request is not carried out. */
  becomeLast(): void;

  /**
   * Has a function called as soon as the connection has to end. An answer that goes on for as long as the client takes
   * it has to come to its end then.
   */
  onEnding(end: () => void): void;

  /**
   * Counts bytes that the request under way holds, until its answer has left. @returns false when there is no memory
   * for them
   */
  hold(bytes: number): boolean;
}

/** A connection that the server takes over: the stream of its bytes, and what the controller knows of it. */
export interface HttpCaller {
  readonly stream: Duplex;
  readonly client: HttpClient;
}
