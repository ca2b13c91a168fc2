/**
 * The controllers that this page asks. It asks the one that served it as long as that one answers, and then
 * another one. A question without effects is asked again elsewhere; a change is sent once, since it may have
 * been made although no answer came.
 */

/** How long an answer may take, in milliseconds, before another controller is asked. */
const ANSWER_WITHIN_MS = 4_000;

/** How long a change may take: a controller answers later than that only where it does not answer at all. */
const CHANGE_WITHIN_MS = 15_000;

/** A controller answered, and refused. `problem` is the body of `application/problem+json`. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ title?: string, detail?: string, code?: string }} problem
   */
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP status ${status}`);
    this.status = status;
    this.code = problem.code ?? '';
  }
}

/** No controller answered. */
export class Unreachable extends Error {}

export class Source {
  /** @type {string[]} */
  #origins;
  #at = 0;
  #onMove;

  /**
   * @param {string} home the origin of the controller that served the page
   * @param {(origin: string) => void} onMove called when another controller is asked from now on
   */
  constructor(home, onMove) {
    this.#origins = [home];
    this.#onMove = onMove;
  }

  /** The origin that is asked first. */
  get origin() {
    return this.#origins[this.#at] ?? '';
  }

  /**
   * Makes further controllers known.
   *
   * @param {readonly string[]} origins
   */
  add(origins) {
    for (const origin of origins) if (!this.#origins.includes(origin)) this.#origins.push(origin);
  }

  /**
   * Asks the controllers in turn, until one answers.
   *
   * @param {string} path
   * @returns {Promise<any>} the body of the answer, as JSON
   * @throws {Refused | Unreachable}
   */
  async get(path) {
    const begin = this.#at;
    for (let tried = 0; tried < this.#origins.length; tried++) {
      const at = (begin + tried) % this.#origins.length;
      const answer = await ask(`${this.#origins[at]}${path}`, {}, ANSWER_WITHIN_MS);
      if (answer === null) continue;
      this.#settle(at);
      return readAnswer(answer);
    }
    throw new Unreachable('No controller answers.');
  }

  /**
   * Sends a change to the controller that is asked now.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   * @throws {Refused | Unreachable}
   */
  async send(method, path, body) {
    const headers = { 'content-type': 'application/json' };
    const content = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    const answer = await ask(`${this.origin}${path}`, { method, ...content }, CHANGE_WITHIN_MS);
    if (answer === null)
      throw new Unreachable('No answer came. The change may have been made: look before you try again.');
    return readAnswer(answer);
  }

  /** @param {number} at */
  #settle(at) {
    if (at === this.#at) return;
    this.#at = at;
    this.#onMove(this.origin);
  }
}

/**
 * @param {string} url
 * @param {RequestInit} init
 * @param {number} withinMs
 * @returns {Promise<Response | null>} null when nothing came in time
 */
async function ask(url, init, withinMs) {
  try {
    const signal = AbortSignal.timeout(withinMs);
    return await fetch(url, { cache: 'no-store', credentials: 'omit', ...init, signal });
  } catch {
    return null;
  }
}

/** @param {Response} answer */
async function readAnswer(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}
