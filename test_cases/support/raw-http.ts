import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as its bytes were read from a socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An HTTP client that sends exactly the bytes that a test gives it, also wrong ones. */
export class RawHttp {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  isEnded = false;
  isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('end', () => {
      this.isEnded = true;
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.isEnded = true;
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawHttp> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  /** One request on a connection of its own. */
  static async ask(port: number, request: string | Buffer): Promise<RawAnswer> {
    using http = await RawHttp.connect(port);
    http.send(request);
    return await http.answer();
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  get receivedBytes(): number {
    return this.#received.length;
  }

  /** The next answer with a `Content-Length`. @throws when the connection ends before it is complete */
  async answer(isHead = false): Promise<RawAnswer> {
    const headEnd = await this.#until(() => this.#received.indexOf('\r\n\r\n'));
    const [first = '', ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ]),
    );
    const start = headEnd + 4;
    const end = start + (isHead ? 0 : Number(headers['content-length'] ?? 0));
    await this.#until(() => (this.#received.length >= end ? 0 : -1));
    const body = this.#received.subarray(start, end);
    this.#received = this.#received.subarray(end);
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  /** Resolves once the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.#woken();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #until(find: () => number): Promise<number> {
    for (let found = find(); ; found = find()) {
      if (found >= 0) return found;
      if (this.isEnded)
        throw new Error(`the connection ended after ${JSON.stringify(this.#received.toString('latin1'))}`);
      await this.#woken();
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
