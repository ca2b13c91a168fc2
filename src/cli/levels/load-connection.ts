import { connect, type Socket } from 'node:net';
import type { Address } from '../../controller/settings.ts';
import { OperationError } from '../failure.ts';

/** A request, and the one answer that is right. */
interface Exchange {
  readonly request: Buffer;
  readonly answer: Buffer;
}

/** A load under way. */
interface Load {
  readonly exchange: Exchange;
  readonly endMs: number;
  readonly latencies: number[];
  readonly resolve: (latencies: readonly number[]) => void;
  readonly reject: (error: Error) => void;
  sentMs: number;
  /** How much of the answer has come. */
  received: number;
}

/** How long a load may go on when no answer comes, in milliseconds. */
const ANSWER_TIMEOUT_MS = 20_000;

/** A client that sets or gets one key again and again, each time as soon as it has its answer. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #exchanges: Readonly<Record<'set' | 'get', Exchange>>;
  #load: Load | null = null;

  /** @throws OperationError */
  static dial(address: Address, key: string, value: string): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...address, noDelay: true });
      socket.once('error', (error) =>
        reject(new OperationError('UNREACHABLE', error.message, { cause: error })),
      );
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(new LoadConnection(socket, key, value));
      });
    });
  }

  private constructor(socket: Socket, key: string, value: string) {
    this.#socket = socket;
    this.#exchanges = {
      set: exchangeOf(`set ${key} 0 0 ${value.length}\r\n${value}\r\n`, 'STORED\r\n'),
      get: exchangeOf(`get ${key}\r\n`, `VALUE ${key} 0 ${value.length}\r\n${value}\r\nEND\r\n`),
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => this.#fail('there was no answer in time'));
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the connection was closed'));
  }

  /**
   * Asks for so many milliseconds, and at least once.
   *
   * @returns how long each request took, in milliseconds
   * @throws OperationError at the first answer that is another than the right one
   */
  load(kind: 'set' | 'get', forMs: number): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw new OperationError('UNREACHABLE', 'the connection was closed');
      const sentMs = performance.now();
      const exchange = this.#exchanges[kind];
      this.#load = { exchange, endMs: sentMs + forMs, latencies: [], resolve, reject, sentMs, received: 0 };
      this.#socket.write(exchange.request);
    });
  }

  close(): void {
    this.#load = null;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const load = this.#load;
    if (load === null) return;
    const { request, answer } = load.exchange;
    const due = answer.subarray(load.received, load.received + chunk.length);
    if (!due.equals(chunk)) return this.#fail(`${firstLine(request)} was answered: ${firstLine(chunk)}`);
    load.received += chunk.length;
    if (load.received < answer.length) return;
    const nowMs = performance.now();
    load.latencies.push(nowMs - load.sentMs);
    if (nowMs >= load.endMs) {
      this.#load = null;
      return load.resolve(load.latencies);
    }
    load.received = 0;
    load.sentMs = nowMs;
    this.#socket.write(request);
  }

  #fail(reason: string): void {
    this.#load?.reject(new OperationError('REQUEST_FAILED', reason));
    this.#load = null;
  }
}

function exchangeOf(request: string, answer: string): Exchange {
  return { request: Buffer.from(request, 'latin1'), answer: Buffer.from(answer, 'latin1') };
}

function firstLine(bytes: Buffer): string {
  return bytes.toString('latin1').split('\r\n')[0]!;
}
