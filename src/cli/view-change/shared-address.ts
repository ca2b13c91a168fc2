import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Connection, Listener, NetworkAddress, OnConnection, Transport } from '../../base/transport.ts';

/** First on a connection between controllers of one view, before the id of the view: no other protocol begins so. */
const MARK = Buffer.from('\xfdmemchorus-view ', 'latin1');

/** The longest id, and the line end behind it, in bytes. */
const ID_BYTES_MAX = 65;

/** A caller of a view that this node does not serve waits for so long, in milliseconds: the node may be starting it. */
const WAITS_MS = 5_000;

/** The first bytes of a connection have to be there within this time, in milliseconds. */
const IDENTIFIED_WITHIN_MS = 5_000;

/** Connections that may wait to be accepted. */
const BACKLOG = 1_024;

/** Open connections of clients. */
const CLIENTS_MAX = 16_384;

/** Callers that wait for a view. */
const WAITING_MAX = 1_024;

interface Waiting {
  readonly id: string;
  readonly connection: Connection;
  readonly first: Buffer;
  readonly timer: NodeJS.Timeout;
}

/**
 * The address of a node, which the controllers of several views share. Each controller has a transport of its own: what
 * it connects begins with the id of its view, and is accepted by the controller of that view alone. All other
 * connections are those of HTTP clients.
 */
export class SharedAddress {
  readonly #inner: Transport;
  readonly #server: Server;
  readonly #doors = new Map<string, OnConnection>();
  readonly #waiting = new Set<Waiting>();
  #listener: Listener | null = null;

  constructor(inner: Transport, onRequest: RequestListener<typeof IncomingMessage>) {
    this.#inner = inner;
    const times = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 60_000 };
    this.#server = createServer({ maxHeaderSize: 16_384, ...times }, onRequest);
  }

  /** @throws the system's error when the address can't be listened on */
  async open(address: NetworkAddress): Promise<void> {
    this.#listener = await this.#inner.listen(address, BACKLOG, (connection) => this.#identify(connection));
    // The times of connections are watched from this event on, which `listen` would have sent.
    this.#server.emit('listening');
  }

  close(): void {
    this.#listener?.close();
    for (const one of this.#waiting) this.#giveUp(one);
    this.#server.closeAllConnections();
    // Ends the watch over the times of connections.
    this.#server.close();
  }

  /** The transport of the controller of one view on this node. */
  transportOf(id: string): Transport {
    const head = Buffer.concat([MARK, Buffer.from(`${id}\n`, 'latin1')]);
    return {
      listen: async (_, __, onConnection) => {
        this.#doors.set(id, onConnection);
        for (const one of this.#waiting) if (one.id === id) this.#admit(one, onConnection);
        return { close: () => this.#doors.get(id) === onConnection && this.#doors.delete(id) };
      },
      connect: (address, handlers, options) => {
        const connection = this.#inner.connect(address, handlers, options);
        connection.write(head);
        return connection;
      },
    };
  }

  #identify(connection: Connection): void {
    let first: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => connection.destroy(), IDENTIFIED_WITHIN_MS);
    connection.handle({
      onData: (chunk) => {
        first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
        const marked = Math.min(first.length, MARK.length);
        if (!first.subarray(0, marked).equals(MARK.subarray(0, marked))) {
          clearTimeout(timer);
          return this.#serve(connection, first);
        }
        const end = first.subarray(0, MARK.length + ID_BYTES_MAX).indexOf(0x0a);
        if (end < 0 && first.length < MARK.length + ID_BYTES_MAX) return;
        clearTimeout(timer);
        if (end < 0) return connection.destroy();
        this.#join(first.toString('latin1', MARK.length, end), connection, first.subarray(end + 1));
      },
      onEnd: () => connection.end(),
      onError: () => {},
      onClose: () => clearTimeout(timer),
    });
  }

  #serve(connection: Connection, first: Buffer): void {
    const destroy = () => connection.destroy();
    connection.handle({
      onData: () => {},
      onEnd: () => {},
      onError: destroy,
      onClose: () => this.#clients--,
    });
    if (++this.#clients > CLIENTS_MAX) return connection.destroy();
    const stream = connection.toStream(first);
    this.#server.emit('connection', stream);
    stream.resume();
  }

  #clients = 0;

  #join(id: string, connection: Connection, rest: Buffer): void {
    const door = this.#doors.get(id);
    if (door !== undefined) return door(connection, rest);
    if (this.#waiting.size >= WAITING_MAX) return connection.destroy();
    // What has arrived is kept. The rest waits in the system.
    const first = Buffer.from(rest);
    connection.pause();
    const waiting: Waiting = {
      id,
      connection,
      first,
      timer: setTimeout(() => this.#giveUp(waiting), WAITS_MS),
    };
    this.#waiting.add(waiting);
    const close = () => this.#giveUp(waiting);
    connection.handle({ onData: close, onEnd: close, onError: close, onClose: close });
  }

  #admit(waiting: Waiting, door: OnConnection): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
    door(waiting.connection, waiting.first);
    waiting.connection.resume();
  }

  #giveUp(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
    if (!waiting.connection.isDestroyed) waiting.connection.destroy();
  }
}
