import { HttpProblem } from '../../http/problems.ts';
import { deleteRequest, readItemRequest, storageRequest } from '../../protocol/make-request.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request, RequestSession } from '../../protocol/request.ts';
import type { PatientRequests } from '../patient-requests.ts';
import { jsonOfReply, storedKeyOf, valueThatFits } from '../stored-value.ts';

/** How often a write is tried while others add and delete the key in between, or nodes go away. */
const TRIES = 16;

/** Replies by which a token is refused: it was given by another cluster, or before this one was started anew. */
const FOREIGN_TOKEN: readonly string[] = ['TOKEN_BROKEN', 'TOKEN_FOREIGN', 'TOKEN_FORGED', 'NO_SESSIONS'];

/**
 * A key and the requests of one client on it, as part of the session that the client's causal context names. A token
 * that is refused counts as none: the context of an earlier view is taken as empty, and is never an error.
 */
export class SessionValue {
  readonly #requests: PatientRequests;
  /** In latin-1, one character a byte. */
  readonly #key: string;
  #token: string | null;

  /** @param token of the session so far; null for a new one */
  constructor(requests: PatientRequests, key: string, token: string | null) {
    this.#requests = requests;
    this.#key = storedKeyOf(key);
    this.#token = token;
  }

  /** The token of the session after the requests so far; null while it has seen nothing. */
  get token(): string | null {
    return this.#token;
  }

  /** @returns the value in JSON; null when there is none @throws HttpProblem while the session is ahead */
  async read(): Promise<string | null> {
    return jsonOfReply(await this.#ask({ ...readItemRequest(this.#key), onlyLooks: true }));
  }

  /**
   * Neither refused nor delayed for its session. Made again where the node that has the key went away before it
   * answered.
   *
   * @returns whether there was a value before, as far as the node knows that has the key
   */
  async write(valueText: string, itemBytesMax: number): Promise<boolean> {
    const value = valueThatFits(this.#key, valueText, itemBytesMax);
    const wasHere = await this.#isHere();
    for (let tries = 0; tries < TRIES; tries++)
      if ((await this.#askForWrite(storageRequest('set', this.#key, 0, 0, value))) !== null) return wasHere;
    throw new HttpProblem('CONTROLLER_LOST', 'nodes that have the key go away again and again');
  }

  /**
   * A value that is here is deleted whatever the session has seen. Where there is none, the session may know one.
   *
   * @returns whether there was a value
   * @throws HttpProblem while the session is ahead
   */
  async remove(): Promise<boolean> {
    let mayBeDone = false;
    for (let tries = 0; tries < TRIES; tries++) {
      if (!(await this.#isHere()) && (await this.read()) === null) return mayBeDone;
      const reply = await this.#askForWrite(deleteRequest(this.#key));
      if (reply === null) mayBeDone = true;
      else if (reply.kind === 'outcome' && reply.outcome === 'deleted') return true;
    }
    throw new HttpProblem('TIMED_OUT', 'others add and delete the key again and again');
  }

  /** Looks without the session, which therefore waits for nothing and learns nothing. */
  async #isHere(): Promise<boolean> {
    const reply = await this.#requests.one({ ...readItemRequest(this.#key), onlyLooks: true });
    return jsonOfReply(reply) !== null;
  }

  #ask(request: Request): Promise<Reply> {
    return this.#inSession(request, (one) => this.#requests.one(one));
  }

  /** @returns null when the write may have taken effect, and is to be made again */
  #askForWrite(request: Request): Promise<Reply | null> {
    return this.#inSession(request, (one) => this.#requests.oneUnlessLost(one));
  }

  async #inSession<Answer>(request: Request, ask: (request: Request) => Promise<Answer>): Promise<Answer> {
    const session: RequestSession = { token: this.#token, wantsToken: true, given: '' };
    try {
      const answer = await ask({ ...request, session });
      if (session.given !== '') this.#token = session.given;
      return answer;
    } catch (error) {
      const isRefused = error instanceof HttpProblem && FOREIGN_TOKEN.includes(error.code);
      if (this.#token === null || !isRefused) throw error;
      this.#token = null;
      return this.#inSession(request, ask);
    }
  }
}
