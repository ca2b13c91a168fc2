import { createServer, type Server, type Socket } from 'node:net';
import { BinaryCodec } from '../../protocol/binary/binary-codec.ts';
import { REQUEST_MAGIC } from '../../protocol/binary/wire-format.ts';
import type { ClientCodec } from '../../protocol/client-codec.ts';
import { SERVER_ERROR_LINES } from '../../protocol/reply.ts';
import { TextCodec } from '../../protocol/text-codec.ts';
import type { Address } from '../settings.ts';
import { ClientConnection, type ClientPorts, type ConnectionFigures } from './client-connection.ts';
import { Strangers } from './unidentified-connections.ts';

export interface FrontDoorPorts
  extends Omit<ClientPorts, 'onOutput' | 'onYield' | 'onHeldUp' | 'onRoom' | 'onEnd' | 'onClose'> {
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
  readonly requestFlush: () => void;
  /** A peer has sent its preface, of this version. @param early what came behind it */
  readonly onPeer: (socket: Socket, version: number, early: Buffer) => void;
  readonly onConnection: (accepted: boolean) => void;
  /** Connections have taken as many requests as they may in a turn, and have more. */
  readonly onYields: (connections: number) => void;
}

/**
 * The one port of a controller: the first bytes of a connection tell whether a peer or a client calls.
 */
export class FrontDoor {
  readonly #ports: FrontDoorPorts;
  readonly #server: Server;
  readonly #clients = new Set<ClientConnection>();
  readonly #strangers: Strangers;
  readonly #clientPorts: ClientPorts;
  #outputs: ClientConnection[] = [];
  /** Those that have more requests at hand, in the order in which they get their next turn. */
  #waiting: ClientConnection[] = [];
  /** Those whose reads wait for room. */
  #heldUp = new Set<ClientConnection>();
  #lastId = 0;
  /** Clients that have not got their last answer. */
  #served = 0;
  #isLast = false;
  #onEmptied: () => void = () => {};

  constructor(ports: FrontDoorPorts) {
    this.#ports = ports;
    this.#clientPorts = {
      ...ports,
      onOutput: (connection) => {
        this.#outputs.push(connection);
        ports.requestFlush();
      },
      onYield: (connection) => this.#onYield(connection),
      onHeldUp: (connection) => this.#heldUp.add(connection),
      onRoom: () => {
        if (this.#heldUp.size > 0) ports.requestFlush();
      },
      onEnd: () => {
        this.#served--;
        this.#onEmptied();
      },
      onClose: (connection) => {
        this.#clients.delete(connection);
        this.#heldUp.delete(connection);
        this.#onEmptied();
      },
    };
    this.#strangers = new Strangers({
      roomFor: () => Math.max(SILENT_MIN, ports.connectionsMax - this.#clients.size),
      clock: ports.clock,
      onClient: (socket, first) => this.#addClient(socket, first),
      onPeer: ports.onPeer,
      onClosed: () => this.#onEmptied(),
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#strangers.add(socket),
    );
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Connections that have said nothing yet. */
  get silent(): number {
    return this.#strangers.count;
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
    if (this.#heldUp.size > 0) this.#goOn();
  }

  /** Those that find no room once more wait again, in the same order. */
  #goOn(): void {
    const heldUp = this.#heldUp;
    this.#heldUp = new Set();
    for (const connection of heldUp) connection.goOn();
  }

  /** Starts requests that were waiting for the engine. */
  drain(): void {
    for (const connection of this.#clients) connection.drain();
  }

  /** Closes clients that have taken nothing since then of what they were given. @returns how many */
  closeStalled(sinceMs: number): number {
    let closed = 0;
    for (const connection of this.#clients) {
      if (!connection.hasStalledSince(sinceMs)) continue;
      connection.destroy();
      closed++;
    }
    return closed;
  }

  /** Closes clients that have sent nothing since then and wait for nothing. @returns how many */
  closeIdle(sinceMs: number): number {
    let closed = this.#strangers.closeIdle(sinceMs);
    for (const connection of this.#clients) {
      if (!connection.isIdleSince(sinceMs)) continue;
      connection.destroy();
      closed++;
    }
    return closed;
  }

  /**
   * Takes no more connections, and ends those that there are: each with its next answer, or without one where nothing is
   * asked for a while. Links of peers came in by the same port, and stay: without them an ordered write in progress
   * could not be answered. Resolves once every client has its last answer, or after `withinMs`; 0 gives them none.
   */
  async finish(withinMs: number): Promise<void> {
    // Connections that wait to be accepted would be reset: they are accepted first.
    await afterReading();
    this.#server.close();
    this.#isLast = true;
    for (const connection of this.#clients) connection.finishWithNextAnswer();
    const isServed = () => this.#served === 0;
    await this.#until(() => isServed() && this.#strangers.count === 0, Math.min(withinMs, LAST_REQUESTS_MS));
    await afterReading();
    this.#strangers.closeAll();
    for (const connection of this.#clients) connection.finish();
    await this.#until(isServed, withinMs);
  }

  /** Closes what is left: of clients that have their last answer, or will get none. */
  async close(): Promise<void> {
    const isEmpty = () => this.#clients.size === 0;
    await this.#until(isEmpty, this.#served === 0 ? CLOSE_WITHIN_MS : 0);
    for (const connection of this.#clients) connection.destroy();
    await this.#until(isEmpty, CLOSE_WITHIN_MS);
  }

  /** Resolves when that is so, or after so long. */
  async #until(isSo: () => boolean, withinMs: number): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#onEmptied = () => {
      if (isSo()) resolve();
    };
    await promise;
    clearTimeout(timer);
    this.#onEmptied = () => {};
  }

  #addClient(socket: Socket, first: Buffer): void {
    const full = this.#clients.size >= this.#ports.connectionsMax;
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
    this.#served++;
    if (this.#isLast) connection.finishWithNextAnswer();
    this.#strangers.makeRoom();
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

/**
 * How long clients are given for a last request when this controller ends, in milliseconds. Longer: an end takes longer
 * where clients have idle connections. Shorter: more of those that ask now and then have just asked when theirs ends.
 */
const LAST_REQUESTS_MS = 100;

/** How long clients may take to close their side when they have their last answer, in milliseconds. */
const CLOSE_WITHIN_MS = 1_500;

/** Resolves once all that has arrived until now has been read. */
function afterReading(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Connections that may be silent where clients take all of `connections_max`, or nearly. More: a peer gets its word in
 * spite of more connections opened within the time that its first bytes take. Fewer: fewer descriptors.
 */
const SILENT_MIN = 64;

/** Connections that may wait to be accepted. */
export const BACKLOG = 1024;

/** memcached's words when it has no buffer left to read into. */
const OUT_OF_MEMORY = `${SERVER_ERROR_LINES.OUT_OF_MEMORY}\r\n`;
