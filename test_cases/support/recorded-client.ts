import type { Action, Answer, Event } from '../../src/checkers/history.ts';
import type { Seen } from '../../src/checkers/session-order.ts';
import { placeOfCas } from '../../src/ordering/version.ts';
import { HANGS_AFTER_MS } from './hang.ts';
import { AnswerError, type TextClient } from './text-client.ts';

/** The operations of all clients of a load and their results, with times on the monotonic clock of the tests. */
export interface LoadRecord {
  readonly history: Event[];
  readonly seen: Seen[];
  /** Violations that no failure excuses. */
  readonly violations: string[];
  /** The text of every `SERVER_ERROR`. */
  readonly reasons: Set<string>;
}

/** A request without a reply for this long counts as hanging. */
const ANSWER_WITHIN_MS = HANGS_AFTER_MS;

const WORDS = ['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED'];

/** One connection whose operations are all recorded. They may overlap. */
export class RecordedClient {
  readonly #connection: TextClient;
  readonly #id: number;
  readonly #record: LoadRecord;
  /** The newest entry that this connection has read, by key: the ones on which it can try a cas. */
  readonly #read = new Map<string, { readonly value: string; readonly token: string }>();

  /** @param id a number that no other client in the record has */
  constructor(connection: TextClient, id: number, record: LoadRecord) {
    this.#connection = connection;
    this.#id = id;
    this.#record = record;
  }

  close(): void {
    this.#connection.close();
  }

  /** The value whose token this connection knows; null when there is none. */
  readValue(key: string): string | null {
    return this.#read.get(key)?.value ?? null;
  }

  /**
   * @returns the answer; null when the operation certainly failed
   * @throws when the connection broke
   */
  async perform(key: string, action: Action): Promise<Answer | null> {
    const invokedAt = performance.now();
    const late = setTimeout(() => this.#onLate(key, action), ANSWER_WITHIN_MS);
    let answer: Answer | null = { kind: 'unknown' };
    try {
      answer = await this.#ask(key, action, invokedAt);
    } finally {
      clearTimeout(late);
      this.#keep(key, action, answer, invokedAt);
    }
    return answer;
  }

  #keep(key: string, action: Action, answer: Answer | null, invokedAt: number): void {
    const isUnknown = answer?.kind === 'unknown';
    if (answer === null || (isUnknown && action.kind === 'get')) return;
    const returnedAt = isUnknown ? Number.POSITIVE_INFINITY : performance.now();
    this.#record.history.push({ client: this.#id, key, action, answer, invokedAt, returnedAt });
  }

  async #ask(key: string, action: Action, invokedAt: number): Promise<Answer | null> {
    const connection = this.#connection;
    switch (action.kind) {
      case 'get':
        return this.#get(key, invokedAt);
      case 'incr':
        return this.#answerOf(await connection.ask(`incr ${key} ${action.by}\r\n`));
      case 'delete':
        return this.#answerOf(await connection.ask(`delete ${key}\r\n`));
      case 'flush':
        return this.#answerOf(await connection.ask('flush_all\r\n'));
      case 'cas': {
        const known = this.#read.get(key);
        if (known?.value !== action.expected) throw new Error(`${key}: no token of ${action.expected}`);
        return this.#answerOf(await connection.store('cas', key, action.value, { cas: known.token }));
      }
      default:
        return this.#answerOf(await connection.store(action.kind, key, action.value));
    }
  }

  async #get(key: string, invokedAt: number): Promise<Answer | null> {
    try {
      const found = await this.#connection.find(key);
      if (found === null) return { kind: 'value', value: null };
      const value = found.value.toString('latin1');
      this.#read.set(key, { value, token: found.cas });
      const version = placeOfCas(BigInt(found.cas));
      this.#record.seen.push({ client: this.#id, key, version, invokedAt, returnedAt: performance.now() });
      return { kind: 'value', value };
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      return this.#answerOf(error.line);
    }
  }

  #answerOf(line: string): Answer | null {
    if (/^\d+$/.test(line)) return { kind: 'value', value: line };
    if (WORDS.includes(line)) return { kind: 'word', word: line.toLowerCase() };
    if (line === 'OK') return { kind: 'word', word: 'ok' };
    if (line.startsWith('CLIENT_ERROR cannot increment')) return { kind: 'word', word: 'client_error' };
    if (line.startsWith('SERVER_ERROR ')) {
      this.#record.reasons.add(line);
      return line.startsWith('SERVER_ERROR outcome unknown') ? { kind: 'unknown' } : null;
    }
    this.#record.violations.push(`"${line}" was answered`);
    return { kind: 'unknown' };
  }

  #onLate(key: string, action: Action): void {
    this.#record.violations.push(`no answer to ${action.kind} ${key} within ${ANSWER_WITHIN_MS} ms`);
    this.close();
  }
}
