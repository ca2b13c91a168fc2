import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '../base/error-codes.ts';
import { unlessFailed } from '../http/key-requests.ts';
import { HttpProblem, STATUS_OF } from '../http/problems.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** How long to wait before a request is made again, in milliseconds. */
const PAUSE_MS = 20;

/** The status of a refusal that may pass by itself. */
const UNAVAILABLE = 503;

/** How long refusals are put up with before they are answered, by their code, in milliseconds. */
export type Patience = Readonly<Partial<Record<ErrorCode, number>>>;

/**
 * The requests of one HTTP request. Clients of the earlier systems do not retry, so a request that was refused is made
 * again while there is time. One that may have taken effect is not: a second write of its value could undo a write of
 * another client that came between.
 */
export class PatientRequests {
  readonly #http: FastifyRequest;
  readonly #startMs = performance.now();
  readonly #endMs: number;
  readonly #patience: Patience;

  /**
   * @param withinMs the client gets its answer within this time
   * @param patience with refusals that may pass; all that are not named here are put up with until the end
   */
  constructor(http: FastifyRequest, withinMs: number, patience: Patience = {}) {
    this.#patience = patience;
    this.#http = http;
    this.#endMs = this.#startMs + withinMs;
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

  /**
   * As `one`, of a write whose effect twice is that of once, later.
   *
   * @returns null when the controller that was asked went away before it answered: the write may have taken effect
   */
  async oneUnlessLost(request: Request): Promise<Reply | null> {
    try {
      return await this.one(request);
    } catch (error) {
      if (error instanceof HttpProblem && error.code === 'CONTROLLER_LOST') return null;
      throw error;
    }
  }

  /** The request was refused without any effect, for a reason that may be over soon. */
  #mayPass(reply: Reply): boolean {
    if (reply.kind !== 'server_error') return false;
    const { code } = reply;
    const isFinal = performance.now() >= this.#startMs + (this.#patience[code] ?? Number.POSITIVE_INFINITY);
    return !isFinal && STATUS_OF[code] === UNAVAILABLE && !ERRORS[code].mayHaveHappened;
  }

  #ask(requests: readonly Request[], withinMs: number): Promise<readonly Reply[]> {
    return new Promise((resolve) => this.#http.client.ask(requests, withinMs, resolve));
  }
}

function isTimedOut(reply: Reply): boolean {
  return reply.kind === 'server_error' && reply.code === 'TIMED_OUT';
}
