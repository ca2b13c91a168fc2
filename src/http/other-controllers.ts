import { Agent, type IncomingMessage, request } from 'node:http';
import type { ControllerId } from '../base/number-kinds.ts';
import type { HttpAddress } from './authorities.ts';

/** What one controller has answered. */
export interface AskedAnswer<Body> {
  readonly controller: ControllerId;
  readonly address: string;
  /** Null when it did not answer, or not with status 200. */
  readonly body: Body | null;
  /** Why there is no body; empty when there is one. */
  readonly reason: string;
}

/** A controller that has not answered completely within this time counts as silent, in milliseconds. */
export const ANSWER_WITHIN_MS = 2_000;

/** A longer answer is given up, in bytes. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Connections to one controller at once; further questions to it wait, within their time. */
const CONNECTIONS_MAX = 4;

/**
 * Asks all controllers of the cluster the same question over HTTP, so that one answer tells of them all. It names those
 * that do not answer in time, and never waits longer for them.
 */
export class OtherControllers {
  readonly #self: ControllerId;
  readonly #addresses: () => readonly HttpAddress[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: 1 });

  constructor(self: ControllerId, addresses: () => readonly HttpAddress[]) {
    this.#self = self;
    this.#addresses = addresses;
  }

  /**
   * @param own what this controller answers itself
   * @param path what the others are asked for. They must not ask further controllers to answer it
   * @returns one answer for each controller, in the order of their ids
   */
  askAll<Body>(own: () => Body | Promise<Body>, path: string): Promise<AskedAnswer<Body>[]> {
    return Promise.all(
      this.#addresses().map(async (address) => {
        const { id: controller } = address;
        const name = nameOfAddress(address);
        if (controller === this.#self) return { controller, address: name, body: await own(), reason: '' };
        try {
          const body = (await this.#ask(address, path)) as Body;
          return { controller, address: name, body, reason: '' };
        } catch (error) {
          return { controller, address: name, body: null, reason: reasonOf(error as NodeJS.ErrnoException) };
        }
      }),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask({ host, port }: HttpAddress, path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const asking = request({ host, port, path, agent: this.#agent, signal }, (answer) =>
        readBody(answer, resolve, reject),
      );
      asking.on('error', reject);
      asking.end();
    });
  }
}

function readBody(
  answer: IncomingMessage,
  resolve: (body: unknown) => void,
  reject: (why: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX)
      answer.destroy(new Error(`its answer is longer than ${ANSWER_BYTES_MAX} bytes`));
  });
  answer.on('error', reject);
  answer.on('end', () => {
    if (answer.statusCode !== 200) return reject(new Error(`it answered with status ${answer.statusCode}`));
    try {
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    } catch {
      reject(new Error('its answer is no JSON'));
    }
  });
}

export function nameOfAddress({ host, port }: HttpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Why a controller has not answered, in words. */
export function reasonOf({ name, code, message }: NodeJS.ErrnoException): string {
  if (name === 'TimeoutError' || name === 'AbortError')
    return `it did not answer within ${ANSWER_WITHIN_MS} ms`;
  if (code === 'ECONNREFUSED') return 'it refused the connection';
  if (code === 'ECONNRESET') return 'it closed the connection';
  return message;
}
