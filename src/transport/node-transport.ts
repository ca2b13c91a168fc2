import { connect, createServer, Socket } from 'node:net';
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
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    const server = createServer(options, (accepted) => onConnection(connectionOf(accepted)));
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
    const onread =
      readBuffer === undefined
        ? lendingTo(() => connection!)
        : {
            buffer: readBuffer,
            callback: (length: number) => {
              connection!.receive(readBuffer, length);
              return true;
            },
          };
    const socket = connect({ ...optionsOf(address, options), onread });
    connection = new NodeConnection(socket, handlers);
    return connection;
  },
};

/**
 * All sockets read into the same memory, in bytes: what is read is given away before the next socket is read. It has
 * room for most values in one piece, and stays in the processor's cache.
 */
const SHARED_BYTES = 262_144;
const SHARED = Buffer.allocUnsafeSlow(SHARED_BYTES);

/** Reads into the shared memory, and lends the connection what was read. */
function lendingTo(connection: () => NodeConnection) {
  return { buffer: SHARED, callback: (length: number) => connection().lend(SHARED.subarray(0, length)) };
}

/**
 * Only `new Socket` takes the option `onread`, and a server makes its sockets itself. So the connection moves to
 * another socket. `_handle` and the option `handle` are not documented: where they are missing, the socket that the
 * server made is used, which has new memory for each read.
 */
function connectionOf(accepted: AcceptedSocket): NodeConnection {
  const handle = accepted._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    return new NodeConnection(accepted, IDLE).readByEvents();
  }
  accepted._handle = null;
  let connection: NodeConnection | null = null;
  const options = { handle, allowHalfOpen: true, onread: lendingTo(() => connection!) };
  connection = new NodeConnection(new Socket(options as object), IDLE);
  return connection;
}

/** A socket, and what Node does not document of it. */
interface AcceptedSocket extends Socket {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

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
  #isStream = false;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('connect', () => this.#handlers.onConnect?.());
    socket.on('drain', () => this.#handlers.onDrain?.());
    socket.on('end', () => this.#handlers.onEnd());
    socket.on('error', (error) => this.#handlers.onError(error));
    socket.on('close', () => this.#handlers.onClose());
  }

  readonly #onData = (chunk: Buffer): void => this.#handlers.onData(chunk, chunk.length);

  /** For a socket without memory to read into. Such a socket has events instead. */
  readByEvents(): this {
    this.#socket.on('data', this.#onData);
    this.#socket.resume();
    return this;
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  toStream(first: Buffer): Duplex {
    const socket = this.#socket;
    this.#isStream = true;
    socket.off('data', this.#onData);
    socket.pause();
    if (first.length > 0) socket.unshift(first);
    return socket;
  }

  /** Takes in bytes that are overwritten once it returns. @returns whether more may be read now */
  lend(bytes: Buffer): boolean {
    if (this.#isStream) return this.#socket.push(Buffer.from(bytes));
    const handlers = this.#handlers;
    if (handlers.onLent !== undefined) handlers.onLent(bytes);
    else handlers.onData(Buffer.from(bytes), bytes.length);
    return true;
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
