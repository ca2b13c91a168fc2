import { HttpProblem } from '../../http/problems.ts';
import { deleteRequest, readItemRequest, storageRequest } from '../../protocol/make-request.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request, RequestSession } from '../../protocol/request.ts';
import type { PatientRequests } from '../patient-requests.ts';
import { jsonOfReply, storedKeyOf, valueThatFits } from '../stored-value.ts';

/** How often a write is tried while others add and delete the key in between, or nodes go away. */
const TRIES = 16;

/** A value and the version of the write that made it: a number in digits. */
export interface FoundValue {
  /** In JSON. */
  readonly valueText: string;
  readonly version: string;
}

/**
 * A key and the requests of one client on it. Each waits until this node has what the client's metadata names. The
 * metadata are the token of a session, or empty.
 */
export class CausalEntry {
  readonly #requests: PatientRequests;
  /** In latin-1, one character a byte. */
  readonly #key: string;
  #metadata: string;

  constructor(requests: PatientRequests, key: string, metadata: string) {
    this.#requests = requests;
    this.#key = storedKeyOf(key);
    this.#metadata = metadata;
  }

  /** What the client is to send with its next request. */
  get metadata(): string {
    return this.#metadata;
  }

  /** @returns null when there is no value */
  async read(): Promise<FoundValue | null> {
    const reply = await this.#ask({ ...readItemRequest(this.#key), onlyLooks: true });
    const valueText = jsonOfReply(reply);
    return valueText === null || reply.kind !== 'item'
      ? null
      : { valueText, version: String(reply.item.cas) };
  }

  /**
   * Made again where the node that has the key went away before it answered.
   *
   * @returns whether there was a value before, and the version of this one
   */
  async write(
    valueText: string,
    itemBytesMax: number,
  ): Promise<{ readonly isReplaced: boolean; readonly version: string }> {
    const value = valueThatFits(this.#key, valueText, itemBytesMax);
    for (let tries = 0; tries < TRIES; tries++)
      for (const verb of ['add', 'replace'] as const) {
        const request = { ...storageRequest(verb, this.#key, 0, 0, value), wantsToken: true };
        const version = versionOf(await this.#askForWrite(request), 'stored');
        if (version !== null) return { isReplaced: verb === 'replace', version };
      }
    throw contended();
  }

  /** @returns the version of the deletion, or of the value where that is not known; null when there was no value */
  async remove(): Promise<string | null> {
    let before: string | null = null;
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.read();
      if (found === null) return before;
      const reply = await this.#askForWrite({ ...deleteRequest(this.#key), wantsToken: true });
      // The deletion that was lost may be the one after which nothing is found.
      if (reply === null) before = found.version;
      const version = versionOf(reply, 'deleted');
      if (version !== null) return version === '' ? found.version : version;
    }
    throw contended();
  }

  async #ask(request: Request): Promise<Reply> {
    const session = this.#session();
    const reply = await this.#requests.one({ ...request, session });
    this.#goOnFrom(session);
    return reply;
  }

  /** @returns null when the write may have taken effect, and is to be made again */
  async #askForWrite(request: Request): Promise<Reply | null> {
    const session = this.#session();
    const reply = await this.#requests.oneUnlessLost({ ...request, session });
    this.#goOnFrom(session);
    return reply;
  }

  #session(): RequestSession {
    return { token: this.#metadata === '' ? null : this.#metadata, wantsToken: true, given: '' };
  }

  #goOnFrom({ given }: RequestSession): void {
    if (given !== '') this.#metadata = given;
  }
}

/** The version of a write with this outcome, empty where it is not told; null with another outcome. */
function versionOf(reply: Reply | null, outcome: 'stored' | 'deleted'): string | null {
  if (reply?.kind !== 'outcome' || reply.outcome !== outcome) return null;
  return reply.cas === undefined ? '' : String(reply.cas);
}

function contended(): HttpProblem {
  return new HttpProblem('TIMED_OUT', 'others add and delete the key again and again');
}
