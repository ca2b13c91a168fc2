import type { Address } from '../../controller/settings.ts';
import { CliConnection, ConnectionLost } from '../client/cli-connection.ts';
import type { ReplyParts, ReplyShape } from '../client/text-reply-reader.ts';
import { OperationError } from '../failure.ts';

/** How long an answer may take, in milliseconds: longer than a controller takes to answer with an error. */
const ANSWER_TIMEOUT_MS = 150_000;

/** A client of one controller, on one connection, that takes no error for an answer. */
export class Client {
  readonly #connection: CliConnection;

  /** @throws OperationError */
  static async dial(address: Address): Promise<Client> {
    try {
      return new Client(await CliConnection.dial(address));
    } catch (error) {
      throw asFailure(error);
    }
  }

  private constructor(connection: CliConnection) {
    this.#connection = connection;
  }

  /** @throws OperationError */
  async set(key: string, value: string): Promise<void> {
    await this.#request(`set ${key} 0 0 ${value.length}\r\n${value}\r\n`, 'line');
  }

  /** @returns null when there is no such entry @throws OperationError */
  async get(key: string): Promise<string | null> {
    const { parts } = await this.#request(`get ${key}\r\n`, 'values');
    return parts.length === 1 ? null : parts[1]!.toString('latin1');
  }

  close(): void {
    this.#connection.close();
  }

  async #request(text: string, shape: ReplyShape): Promise<ReplyParts> {
    let reply: ReplyParts;
    try {
      reply = await this.#connection.request(Buffer.from(text, 'latin1'), shape, ANSWER_TIMEOUT_MS);
    } catch (error) {
      throw asFailure(error);
    }
    if (!reply.failed) return reply;
    throw new OperationError(
      'REQUEST_FAILED',
      `${text.split('\r\n')[0]} was answered: ${reply.parts.at(-1)}`,
    );
  }
}

function asFailure(error: unknown): unknown {
  return error instanceof ConnectionLost
    ? new OperationError('UNREACHABLE', error.message, { cause: error })
    : error;
}
