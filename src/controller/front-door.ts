import { createServer, type Server, type Socket } from 'node:net';
import { PREFACE } from '../peer/handshake.ts';
import type { ClientCodec } from '../protocol/client-codec.ts';
import { TextCodec } from '../protocol/text-codec.ts';
import { ClientConnection, type ClientPorts } from './client-connection.ts';
import type { Logger } from './logger.ts';
import type { Address } from './settings.ts';

export interface FrontDoorPorts extends Omit<ClientPorts, 'onOutput' | 'onClose'> {
  readonly logger: Logger;
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
  readonly requestFlush: () => void;
  /** A peer has sent its preface. */
  readonly onPeer: (socket: Socket, early: Buffer) => void;
  readonly onConnection: (accepted: boolean) => void;
}

/** First bytes of a connection must come to at least the preface's length, if they start as it does, in time. */
const PREFACE_WITHIN_MS = 2_000;

/** First byte of memcached's binary protocol. */
const BINARY_MAGIC = 0x80;

/**
 * The one port of a controller: the first bytes of a connection tell whether a peer or a client calls.
 */
export class FrontDoor {
  readonly #ports: FrontDoorPorts;
  readonly #server: Server;
  readonly #clients = new Set<ClientConnection>();
  readonly #strangers = new Set<Socket>();
  #outputs: ClientConnection[] = [];
  #binaryReported = false;
  #onLastClosed: () => void = () => {};

  constructor(ports: FrontDoorPorts) {
    this.#ports = ports;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onSocket(socket));
  }

  get clients(): number {
    return this.#clients.size;
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
      const kind = kindOf(first);
      if (kind === 'undecided') {
        timer ??= setTimeout(() => socket.destroy(), PREFACE_WITHIN_MS);
        return;
      }
      settle();
      if (kind === 'peer') this.#ports.onPeer(socket, first.subarray(PREFACE.length));
      else if (kind === 'binary') this.#refuseBinary(socket);
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
    const connection = new ClientConnection(socket, this.#codecFor(first), {
      ...this.#ports,
      onOutput: (output) => {
        this.#outputs.push(output);
        this.#ports.requestFlush();
      },
      onClose: (closed) => {
        this.#clients.delete(closed);
        if (this.#clients.size === 0) this.#onLastClosed();
      },
    });
    this.#clients.add(connection);
    connection.receive(first);
  }

  #codecFor(_first: Buffer): ClientCodec {
    return new TextCodec({ itemBytesMax: this.#ports.itemBytesMax });
  }

  #refuseBinary(socket: Socket): void {
    socket.on('error', () => {});
    socket.destroy();
    if (this.#binaryReported) return;
    this.#binaryReported = true;
    this.#ports.logger.warn('a client spoke the binary protocol, which is not supported yet; set it to text');
  }
}

/** Connections that may wait to be accepted. */
const BACKLOG = 1024;

function kindOf(first: Buffer): 'client' | 'binary' | 'peer' | 'undecided' {
  if (first[0] === BINARY_MAGIC) return 'binary';
  if (first[0] !== PREFACE[0]) return 'client';
  const length = Math.min(first.length, PREFACE.length);
  if (!first.subarray(0, length).equals(PREFACE.subarray(0, length))) return 'client';
  return length < PREFACE.length ? 'undecided' : 'peer';
}
