import { Agent, request } from 'node:http';
import { OperationError, reasonOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';

/** How long a client waits for an answer, in milliseconds. */
const ANSWERED_WITHIN_MS = 2_000;

/** The largest answer that is taken, in bytes: a value of the largest size, with room to spare. */
const ANSWER_BYTES_MAX = 16_777_216;

/** Requests to one node of MiniKV, one after the other, on a connection that stays open. None is made again. */
export class MiniKvConnection {
  readonly #server: { readonly host: string; readonly port: number };
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #onRequest: (line: string) => void;

  /** @param onRequest told of each request that was answered */
  constructor(server: { readonly host: string; readonly port: number }, onRequest: (line: string) => void) {
    this.#server = server;
    this.#onRequest = onRequest;
  }

  /** @returns null for a key that is not there @throws OperationError */
  async get(key: string): Promise<unknown> {
    const answer = await this.#ask('GET', `/get?key=${encodeURIComponent(key)}`, '');
    const parsed = parsedAnswer(answer);
    if (typeof parsed === 'object' && parsed !== null && 'value' in parsed) return parsed.value;
    throw this.#failure(
      'GET',
      `/get?key=${encodeURIComponent(key)}`,
      `unexpected answer ${answer.slice(0, 80)}`,
    );
  }

  /** @throws OperationError */
  async put(key: string, value: string): Promise<void> {
    await this.#ask('POST', `/put?key=${encodeURIComponent(key)}`, JSON.stringify({ value }));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: 'GET' | 'POST', path: string, body: string): Promise<string> {
    const { status, text } = await this.#send(method, path, body).catch((error: unknown) => {
      throw this.#failure(method, path, reasonOf(error));
    });
    this.#onRequest(`${method} ${path}: ${status}`);
    if (status >= 400) throw this.#failure(method, path, `status ${status}: ${text.slice(0, 200)}`);
    return text;
  }

  #send(
    method: string,
    path: string,
    body: string,
  ): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-length': Buffer.byteLength(body) };
      const { host, port } = this.#server;
      const sent = request({ host, port, method, path, headers, agent: this.#agent });
      const late = setTimeout(
        () => sent.destroy(new Error(`no answer within ${ANSWERED_WITHIN_MS} ms`)),
        ANSWERED_WITHIN_MS,
      );
      const fail = (error: Error): void => {
        clearTimeout(late);
        reject(error);
      };
      sent.once('error', fail);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) sent.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        response.once('error', fail);
        response.once('end', () => {
          clearTimeout(late);
          resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      sent.end(body);
    });
  }

  #failure(method: string, path: string, reason: string): OperationError {
    return new OperationError(
      'REQUEST_FAILED',
      `${method} ${path} at ${formatAddress(this.#server)}: ${reason}`,
    );
  }
}

function parsedAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
