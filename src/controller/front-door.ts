import { createServer, type Server, type Socket } from 'node:net';
import { prefaceIn } from '../peer/handshake.ts';
import { BinaryCodec } from '../protocol/binary/binary-codec.ts';
import { REQUEST_MAGIC } from '../protocol/binary/wire-format.ts';
import type { ClientCodec } from '../protocol/client-codec.ts';
import { TextCodec } from '../protocol/text-codec.ts';
import { ClientConnection, type ClientPorts, type ConnectionFigures } from './client-connection.ts';
import type { Address } from './settings.ts';

export interface FrontDoorPorts extends Omit<ClientPorts, 'onOutput' | 'onYield' | 'onClose'> {
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
  readonly requestFlush: () => void;
  /** A peer has sent its preface, of this version. @param early what came behind it */
  readonly onPeer: (socket: Socket, version: number, early: Buffer) => void;
  readonly onConnection: (accepted: boolean) => void;
  /** Connections have taken as many requests as they may in a turn, and have more. */
  readonly onYields: (connections: number) => void;
}

/** First bytes of a connection must come to at least the preface's length, if they start as it does, in time. */
const PREFACE_WITHIN_MS = 2_000;

/**
 * The one port of a controller: the first bytes of a connection tell whether a peer or a client calls.
 */
export class FrontDoor {
  readonly #ports: FrontDoorPorts;
  readonly #server: Server;
  readonly #clients = new Set<ClientConnection>();
  readonly #strangers = new Set<Socket>();
  readonly #clientPorts: ClientPorts;
  #outputs: ClientConnection[] = [];
  /** Those that have more requests at hand, in the order in which they get their next turn. */
  #waiting: ClientConnection[] = [];
  #lastId = 0;
  #onLastClosed: () => void = () => {};

  constructor(ports: FrontDoorPorts) {
    this.#ports = ports;
    this.#clientPorts = {
      ...ports,
      onOutput: (connection) => {
        this.#outputs.push(connection);
        ports.requestFlush();
      },
      onYield: (connection) => this.#onYield(connection),
      onClose: (connection) => {
        this.#clients.delete(connection);
        if (this.#clients.size === 0) this.#onLastClosed();
      },
    };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onSocket(socket));
  }

  get clients(): number {
    return this.#clients.size;
  }

  get connections(): ConnectionFigures[] {
    return Array.from(this.#clients, ({ figures }) => figures).filter(({ address }) => address !== '');
  }

  /** @throws the system's error when the address can't be listened on */
  listen({ host, port }: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Writes the answers of this turn. */
  flush(): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const connection of outputs) connection.flush();
  }

  /** Starts requests that were waiting for the engine. */
  drain(): void {
    for (const connection of this.#clients) connection.drain();
  }

  /** Closes clients that have sent nothing since then and wait for nothing. @returns how many */
  closeIdle(sinceMs: number): number {
    let closed = 0;
    for (const connection of this.#clients) {
      if (!connection.isIdleSince(sinceMs)) continue;
      connection.destroy();
      closed++;
    }
    return closed;
  }

  /**
   * Takes no more connections or requests, answers what is in progress, and closes: within `withinMs`. Links of
   * peers came in by the same port, and stay: without them an ordered write in progress could not be answered.
   */
  async close(withinMs: number): Promise<void> {
    this.#server.close();
    for (const socket of this.#strangers) socket.destroy();
    for (const connection of this.#clients) connection.finish();
    if (this.#clients.size === 0) return;
    const timer = setTimeout(() => {
      for (const connection of this.#clients) connection.destroy();
    }, withinMs);
    await new Promise<void>((resolve) => {
      this.#onLastClosed = resolve;
    });
    clearTimeout(timer);
  }

  #onSocket(socket: Socket): void {
    const full = this.#clients.size + this.#strangers.size >= this.#ports.connectionsMax;
    this.#strangers.add(socket);
    const ignore = () => {};
    socket.on('error', ignore);
    const onClose = () => this.#strangers.delete(socket);
    socket.once('close', onClose);
    let first: Buffer = Buffer.alloc(0);
    let timer: NodeJS.Timeout | null = null;
    const onEnd = () => socket.end();
    const settle = () => {
      if (timer !== null) clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.off('end', onEnd);
      socket.off('error', ignore);
      this.#strangers.delete(socket);
    };
    const onData = (chunk: Buffer): void => {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const preface = prefaceIn(first);
      if (preface.kind === 'partial') {
        timer ??= setTimeout(() => socket.destroy(), PREFACE_WITHIN_MS);
        return;
      }
      settle();
      const isPeer = preface.kind === 'peer';
      if (isPeer) this.#ports.onPeer(socket, preface.version, first.subarray(preface.length));
      else this.#addClient(socket, first, full);
    };
    socket.on('end', onEnd);
    socket.on('data', onData);
  }

  #addClient(socket: Socket, first: Buffer, full: boolean): void {
    this.#ports.onConnection(!full);
    if (full) {
      // As memcached's `maxconns_fast` does.
      socket.on('error', () => {});
      socket.end('ERROR Too many open connections\r\n', () => socket.destroy());
      return;
    }
    const id = ++this.#lastId;
    const refusal = first[0] === REQUEST_MAGIC ? '' : OUT_OF_MEMORY;
    const connection = new ClientConnection(socket, id, this.#codecFor(first), refusal, this.#clientPorts);
    this.#clients.add(connection);
    connection.receive(first);
  }

  #onYield(connection: ClientConnection): void {
    this.#waiting.push(connection);
    if (this.#waiting.length === 1) setImmediate(this.#giveTurns);
  }

  /** In between the event loop has read what all the others have sent. */
  readonly #giveTurns = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#ports.onYields(waiting.length);
    for (const connection of waiting) connection.takeTurn();
  };

  /** As in memcached, the first byte decides for the whole connection. */
  #codecFor(first: Buffer): ClientCodec {
    const { itemBytesMax } = this.#ports;
    return first[0] === REQUEST_MAGIC ? new BinaryCodec({ itemBytesMax }) : new TextCodec({ itemBytesMax });
  }
}

/** Connections that may wait to be accepted. */
export const BACKLOG = 1024;

/** memcached's words when it has no buffer left to read into. */
const OUT_OF_MEMORY = 'SERVER_ERROR out of memory reading request\r\n';
