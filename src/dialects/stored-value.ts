import { HttpProblem } from '../http/problems.ts';
import { exceedsItemLimit } from '../protocol/limits.ts';
import { deleteRequest, readItemRequest, storageRequest } from '../protocol/make-request.ts';
import type { Reply } from '../protocol/reply.ts';
import type { PatientRequests } from './patient-requests.ts';

/** The most characters of a key. */
export const KEY_CHARACTERS_MAX = 50;

/** How often a write is tried while others add and delete the key in between. */
const TRIES = 16;

/** A key and the requests of one client on it. The entry is stored as `=` and the key, with the value in JSON. */
export class StoredValue {
  readonly #requests: PatientRequests;
  /** In latin-1, one character a byte. */
  readonly #key: string;

  constructor(requests: PatientRequests, key: string) {
    this.#requests = requests;
    this.#key = storedKeyOf(key);
  }

  /** @returns the value in JSON; null when there is none, or another client has stored something else */
  async read(): Promise<string | null> {
    const reply = await this.#requests.one({ ...readItemRequest(this.#key), onlyLooks: true });
    return jsonOfReply(reply);
  }

  /** @returns whether there was a value before */
  async write(valueText: string, itemBytesMax: number): Promise<boolean> {
    const value = valueThatFits(this.#key, valueText, itemBytesMax);
    for (let tries = 0; tries < TRIES; tries++) {
      if (await this.#isStored('add', value)) return false;
      if (await this.#isStored('replace', value)) return true;
    }
    throw new HttpProblem('TIMED_OUT', 'others add and delete the key again and again');
  }

  /** @returns whether there was a value */
  async remove(): Promise<boolean> {
    const reply = await this.#requests.one(deleteRequest(this.#key));
    return reply.kind === 'outcome' && reply.outcome === 'deleted';
  }

  async #isStored(verb: 'add' | 'replace', value: Buffer): Promise<boolean> {
    const reply = await this.#requests.one(storageRequest(verb, this.#key, 0, 0, value));
    return reply.kind === 'outcome' && reply.outcome === 'stored';
  }
}

/** @returns latin-1, one character a byte: 201 at most for a key that is not too long */
export function storedKeyOf(key: string): string {
  return `=${Buffer.from(key, 'utf8').toString('latin1')}`;
}

/** @throws HttpProblem for a value that makes its entry too large */
export function valueThatFits(key: string, valueText: string, itemBytesMax: number): Buffer {
  const value = Buffer.from(valueText);
  if (!exceedsItemLimit(key.length, 0, value.length, itemBytesMax)) return value;
  throw new HttpProblem('VALUE_TOO_LARGE', `the entry would be larger than ${itemBytesMax} bytes`);
}

/** The value that a read has found, in JSON; null when there is none, or another client has stored something else. */
export function jsonOfReply(reply: Reply): string | null {
  if (reply.kind !== 'item') return null;
  const text = reply.item.value.toString('utf8');
  return isJson(text) ? text : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
