import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ReplyReader } from './reply-reader.ts';

/** An entry as `get` and `gets` show it. */
export interface Found {
  readonly value: Buffer;
  readonly flags: number;
  /** Empty in the reply to a `get`. */
  readonly cas: string;
}

/** An unexpected reply: `SERVER_ERROR …`, `ERROR`, …. */
export class AnswerError extends Error {
  readonly line: string;

  constructor(line: string) {
    super(`the answer was "${line}"`);
    this.line = line;
  }
}

/**
 * A memcached client for tests that shares no code with the product. Requests may be pipelined: replies are read in
 * order.
 */
export class TextClient {
  readonly socket: Socket;
  readonly #reader = new ReplyReader();
  /** Settles once the previous reply has been read, successfully or not. */
  #previous: Promise<unknown> = Promise.resolve();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    socket.on('error', (error) => this.#reader.end(error));
    socket.on('end', () => this.#reader.end(new Error('the server has closed the connection')));
    socket.on('close', () => this.#reader.end(new Error('the connection is closed')));
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<TextClient> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, 'connect');
    return new TextClient(socket);
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends a request unchanged, and reads one line of the reply. */
  ask(request: string | Buffer): Promise<string> {
    this.send(request);
    return this.takeLine();
  }

  /** Reads the next line, after the replies to earlier requests. */
  takeLine(): Promise<string> {
    return this.#inTurn(() => this.#reader.line());
  }

  /** Sends a command and reads lines up to `END`, as in replies to `stats` and `show`. */
  lines(command: string): Promise<string[]> {
    this.send(`${command}\r\n`);
    return this.#inTurn(async () => {
      const lines: string[] = [];
      for (let line = await this.#reader.line(); line !== 'END'; line = await this.#reader.line()) {
        if (/^(ERROR|CLIENT_ERROR|SERVER_ERROR)/.test(line)) throw new AnswerError(line);
        lines.push(line);
      }
      return lines;
    });
  }

  async stats(): Promise<ReadonlyMap<string, string>> {
    const lines = await this.lines('stats');
    return new Map(lines.map((line) => [line.split(' ')[1]!, line.split(' ').slice(2).join(' ')]));
  }

  store(verb: string, key: string, value: string | Buffer, more: StoreWords = {}): Promise<string> {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
    const cas = more.cas === undefined ? '' : ` ${more.cas}`;
    const header = `${verb} ${key} ${more.flags ?? 0} ${more.exptime ?? 0} ${bytes.length}${cas}\r\n`;
    return this.ask(Buffer.concat([Buffer.from(header, 'latin1'), bytes, Buffer.from('\r\n')]));
  }

  set(key: string, value: string | Buffer): Promise<string> {
    return this.store('set', key, value);
  }

  /** The value as text, one character per byte; null when there is none. Error replies are thrown. */
  async get(key: string): Promise<string | null> {
    const found = await this.find(key);
    return found?.value.toString('latin1') ?? null;
  }

  async find(key: string, command = 'gets'): Promise<Found | null> {
    return (await this.findAll([key], command)).get(key) ?? null;
  }

  /** @param command the words before the keys: `get`, `gets`, `gat 10` */
  findAll(keys: readonly string[], command = 'get'): Promise<ReadonlyMap<string, Found>> {
    this.send(`${command} ${keys.join(' ')}\r\n`);
    return this.#inTurn(() => this.#values());
  }

  async #values(): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Found>();
    for (let line = await this.#reader.line(); line !== 'END'; line = await this.#reader.line()) {
      const [word, key, flags, bytes, cas] = line.split(' ');
      if (word !== 'VALUE') throw new AnswerError(line);
      const block = await this.#reader.block(Number(bytes) + 2);
      const value = block.subarray(0, -2);
      found.set(key!, { value, flags: Number(flags), cas: cas ?? '' });
    }
    return found;
  }

  #inTurn<T>(take: () => Promise<T>): Promise<T> {
    const answer = this.#previous.then(take);
    this.#previous = answer.catch(() => {});
    return answer;
  }
}

export interface StoreWords {
  readonly flags?: number;
  readonly exptime?: number;
  readonly cas?: string;
}
