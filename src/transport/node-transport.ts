import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Listener,
  NetworkAddress,
  Transport,
} from '../base/transport.ts';

/** TCP by `node:net`. Both directions of a connection end separately, and small writes leave at once. */
export const NODE_TRANSPORT: Transport = {
  listen({ host, port }, backlog, onConnection): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      onConnection(new NodeConnection(socket, IDLE));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog }, () => {
        server.off('error', reject);
        resolve({ close: () => server.close() });
      });
    });
  },

  connect(address, handlers, options = {}): Connection {
    const { readBuffer } = options;
    let connection: NodeConnection | null = null;
    const socket = connect({
      ...optionsOf(address, options),
      ...(readBuffer !== undefined && {
        onread: {
          buffer: readBuffer,
          callback: (length: number) => {
            connection!.receive(readBuffer, length);
            return true;
          },
        },
      }),
    });
    connection = new NodeConnection(socket, handlers);
    return connection;
  },
};

function optionsOf({ host, port }: NetworkAddress, { keepAliveMs, from }: ConnectOptions) {
  const keepAlive = keepAliveMs !== undefined;
  return {
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    ...(from !== undefined && { localAddress: from }),
    ...(keepAlive && { keepAlive, keepAliveInitialDelay: keepAliveMs }),
  };
}

class NodeConnection implements Connection {
  readonly #socket: Socket;
  #handlers: ConnectionHandlers;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('connect', () => this.#handlers.onConnect?.());
    socket.on('data', this.#onData);
    socket.on('drain', () => this.#handlers.onDrain?.());
    socket.on('end', () => this.#handlers.onEnd());
    socket.on('error', (error) => this.#handlers.onError(error));
    socket.on('close', () => this.#handlers.onClose());
  }

  readonly #onData = (chunk: Buffer): void => this.#handlers.onData(chunk, chunk.length);

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  toStream(first: Buffer): Duplex {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.pause();
    if (first.length > 0) socket.unshift(first);
    return socket;
  }

  /** Takes in what was read into a buffer of the owner's. */
  receive(buffer: Buffer, length: number): void {
    this.#handlers.onData(buffer, length);
  }

  write(bytes: Buffer, sent?: (error?: Error | null) => void): boolean {
    return this.#socket.write(bytes, sent);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(last: Buffer | string = '', sent?: () => void): void {
    this.#socket.end(last, sent);
  }

  closeWhenSent(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get isEnded(): boolean {
    return this.#socket.writableEnded;
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  get isClosed(): boolean {
    return this.#socket.closed;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }
}

/** Of a connection that was just accepted: its owner sets others at once. */
const IDLE: ConnectionHandlers = { onData: ignore, onEnd: ignore, onError: ignore, onClose: ignore };

function ignore(): void {}
