import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '../base/error-codes.ts';
import { unlessFailed } from '../http/key-requests.ts';
import { STATUS_OF } from '../http/problems.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** How long to wait before a request is made again, in milliseconds. */
const PAUSE_MS = 20;

/** The status of a refusal that may pass by itself. */
const UNAVAILABLE = 503;

/**
 * The requests of one HTTP request. Clients of the earlier systems do not retry, so a request that was refused is made
 * again while there is time. One that may have taken effect is not: a second write of its value could undo a write of
 * another client that came between.
 */
export class PatientRequests {
  readonly #http: FastifyRequest;
  readonly #endMs: number;
  readonly #final: readonly ErrorCode[];

  /**
   * @param withinMs the client gets its answer within this time
   * @param final refusals that are answered at once, although they may pass
   */
  constructor(http: FastifyRequest, withinMs: number, final: readonly ErrorCode[] = []) {
    this.#final = final;
    this.#http = http;
    this.#endMs = performance.now() + withinMs;
  }

  /** @throws HttpProblem for the first reply that is an error */
  async all(requests: readonly Request[]): Promise<readonly Reply[]> {
    let refused: readonly Reply[] | null = null;
    for (;;) {
      const leftMs = Math.max(1, Math.ceil(this.#endMs - performance.now()));
      const replies = await this.#ask(requests, leftMs);
      // The last attempt may have had too little time to learn the reason that the one before it was told.
      if (refused !== null && replies.some(isTimedOut)) return refused.map(unlessFailed);
      if (!replies.some((reply) => this.#mayPass(reply)) || this.#endMs - performance.now() < 2 * PAUSE_MS)
        return replies.map(unlessFailed);
      refused = replies;
      await sleep(PAUSE_MS);
    }
  }

  /** @throws HttpProblem when the reply is an error */
  async one(request: Request): Promise<Reply> {
    const [reply] = await this.all([request]);
    return reply!;
  }

  /** The request was refused without any effect, for a reason that may be over soon. */
  #mayPass(reply: Reply): boolean {
    if (reply.kind !== 'server_error' || this.#final.includes(reply.code)) return false;
    return STATUS_OF[reply.code] === UNAVAILABLE && !ERRORS[reply.code].mayHaveHappened;
  }

  #ask(requests: readonly Request[], withinMs: number): Promise<readonly Reply[]> {
    return new Promise((resolve) => this.#http.client.ask(requests, withinMs, resolve));
  }
}

function isTimedOut(reply: Reply): boolean {
  return reply.kind === 'server_error' && reply.code === 'TIMED_OUT';
}
