import type { Clock } from '../../base/clock.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import type {
  Connection,
  ConnectionHandlers,
  Listener,
  OnConnection,
  Transport,
} from '../../base/transport.ts';
import type { Coordinator } from '../../consistency/coordinator.ts';
import type { HttpServer } from '../../http/routed-server.ts';
import { BinaryCodec } from '../../protocol/binary/binary-codec.ts';
import { REQUEST_MAGIC } from '../../protocol/binary/wire-format.ts';
import type { ClientCodec } from '../../protocol/client-codec.ts';
import { SERVER_ERROR_LINES } from '../../protocol/reply.ts';
import { SlabPool } from '../../protocol/slab-pool.ts';
import { TextCodec } from '../../protocol/text-codec.ts';
import type { Address } from '../settings.ts';
import type { ServedClient } from './client.ts';
import type { ClientBudget } from './client-budget.ts';
import { ClientConnection, type ClientPorts } from './client-connection.ts';
import type { ClientTable } from './client-table.ts';
import { HttpConnection } from './http-connection.ts';
import type { HttpDoor } from './http-door.ts';
import { InnerConnection } from './inner-connection.ts';
import type { Callers, UnidentifiedConnections } from './unidentified-connections.ts';

/** What the front door reports to the statistics. */
export type FrontDoorEvents = Pick<ClientPorts, 'onReply' | 'onPart' | 'onBytes' | 'onRefused'> & {
  readonly onConnection: (accepted: boolean) => void;
};

export interface FrontDoorPorts {
  readonly transport: Transport;
  readonly coordinator: Coordinator;
  readonly clients: ClientTable;
  readonly unidentified: UnidentifiedConnections;
  readonly itemBytesMax: number;
  readonly pipelineMax: number;
  readonly connectionsMax: number;
  readonly budget: ClientBudget;
  readonly clock: Clock;
  readonly events: FrontDoorEvents;
  /** See `ClientPorts`. */
  readonly onLargeSent: (part: Buffer) => void;
  readonly onPeer: Callers['onPeer'];
  readonly http: HttpDoor;
}

/**
 * The listeners of a controller. The first bytes of a connection tell whether a peer, a client of memcached's protocols
 * or an HTTP client calls.
 */
export class FrontDoor {
  readonly #ports: FrontDoorPorts;
  readonly #clients: ClientTable;
  readonly #unidentified: UnidentifiedConnections;
  readonly #clientPorts: ClientPorts;
  readonly #callers: Callers;
  readonly #listeners: Listener[] = [];
  #lastId = 0;
  #isFinishing = false;

  constructor(ports: FrontDoorPorts) {
    const { clients, pipelineMax, budget, clock, events, onLargeSent } = ports;
    this.#ports = ports;
    this.#clients = clients;
    this.#clientPorts = {
      pipelineMax,
      budget,
      clock,
      onReply: events.onReply,
      onPart: events.onPart,
      onBytes: events.onBytes,
      onLargeSent,
      slabs: new SlabPool(),
      onRefused: events.onRefused,
      ...clients.connectionEvents(),
    };
    this.#unidentified = ports.unidentified;
    this.#callers = {
      onClient: (connection, first) => this.#addClient(connection, first),
      onHttp: (connection, first) => this.#addHttpClient(connection, first),
      onPeer: ports.onPeer,
    };
  }

  /** @throws the system's error when the address can't be listened on */
  listen(address: Address): Promise<void> {
    return this.#listen(address, this.#callers);
  }

  /** Listens for HTTP clients alone. @throws the system's error when the address can't be listened on */
  async listenForHttp(address: Address): Promise<void> {
    await this.#ports.http.open();
    const onHttp: Callers['onHttp'] = (connection, first) => this.#addHttpClient(connection, first);
    await this.#listen(address, { onClient: onHttp, onHttp, onPeer: (connection) => connection.destroy() });
  }

  /** Closes connections that have sent nothing since `sinceMs` and wait for no answer. @returns how many */
  closeIdle(sinceMs: MonotonicMs): number {
    return this.#unidentified.closeIdle(sinceMs) + this.#clients.closeIdle(sinceMs);
  }

  /**
   * Accepts no more connections, and ends those that there are: each with its next answer, or without one if
   * the client asks nothing for a while. The links of peers stay, although they came in through the same
   * port: without them an ordered write in progress could not be answered.
   *
   * Resolves once every client has its last answer, or after `withinMs`. With 0, clients get no further
   * answers.
   */
  async finish(withinMs: number): Promise<void> {
    const clients = this.#clients;
    // Closing the listener resets connections that wait to be accepted, so they are accepted first.
    await afterReading();
    for (const listener of this.#listeners) listener.close();
    this.#isFinishing = true;
    clients.finishWithNextAnswer();
    const isServed = () => clients.areAllAnswered && this.#unidentified.count === 0;
    await clients.until(isServed, Math.min(withinMs, LAST_REQUESTS_MS));
    await afterReading();
    this.#unidentified.closeAll();
    clients.finish();
    await clients.until(() => clients.areAllAnswered, withinMs);
  }

  /** Closes the connections that are left: their clients have their last answer, or will get none. */
  async close(): Promise<void> {
    const clients = this.#clients;
    const isEmpty = () => clients.count === 0;
    await clients.until(isEmpty, clients.areAllAnswered ? CLOSE_WITHIN_MS : 0);
    clients.closeAll();
    await clients.until(isEmpty, CLOSE_WITHIN_MS);
    await this.#ports.http.close();
  }

  async #listen(address: Address, callers: Callers): Promise<void> {
    const onConnection: OnConnection = (connection, first) =>
      this.#unidentified.add(connection, callers, first);
    this.#listeners.push(await this.#ports.transport.listen(address, BACKLOG, onConnection));
  }

  /**
   * A client of the process itself, such as an HTTP server beside this controller. The caller begins and ends each of
   * its requests, and calls `destroy` after the last one.
   */
  innerClient(): HttpConnection {
    const { coordinator } = this.#ports;
    const client = new HttpConnection(new InnerConnection(), ++this.#lastId, coordinator, this.#clientPorts);
    this.#add(client);
    return client;
  }

  /** The interface over HTTP, which is loaded now if it was not yet. */
  http(): Promise<HttpServer> {
    return this.#ports.http.open();
  }

  #addHttpClient(connection: Connection, first: Buffer): void {
    const { http, coordinator } = this.#ports;
    if (!this.#admits()) {
      connection.handle(UNHEARD);
      return http.refuse(connection);
    }
    const client = new HttpConnection(connection, ++this.#lastId, coordinator, this.#clientPorts);
    this.#add(client);
    http.serve(connection, first, client);
  }

  #addClient(connection: Connection, first: Buffer): void {
    if (!this.#admits()) {
      // As memcached's `maxconns_fast` does.
      connection.handle(UNHEARD);
      connection.end('ERROR Too many open connections\r\n', () => connection.destroy());
      return;
    }
    const { coordinator } = this.#ports;
    const refusal = first[0] === REQUEST_MAGIC ? '' : OUT_OF_MEMORY;
    const codec = this.#codecFor(first);
    const client = new ClientConnection(
      connection,
      ++this.#lastId,
      codec,
      refusal,
      coordinator,
      this.#clientPorts,
    );
    this.#add(client);
    client.receive(first);
  }

  /** Whether there is room for another client. */
  #admits(): boolean {
    const isFull = this.#clients.count >= this.#ports.connectionsMax;
    this.#ports.events.onConnection(!isFull);
    return !isFull;
  }

  #add(client: ServedClient): void {
    this.#clients.add(client);
    if (this.#isFinishing) client.finishWithNextAnswer();
    this.#unidentified.closeExcess();
  }

  /** As in memcached, the first byte decides on the protocol of the whole connection. */
  #codecFor(first: Buffer): ClientCodec {
    const { itemBytesMax } = this.#ports;
    return first[0] === REQUEST_MAGIC ? new BinaryCodec({ itemBytesMax }) : new TextCodec({ itemBytesMax });
  }
}

/**
 * How long clients are given for a last request when this controller ends, in milliseconds. Longer: an end
 * takes longer where clients have idle connections. Shorter: more clients that ask rarely have a request on
 * the way when their connection ends.
 */
const LAST_REQUESTS_MS = 100;

/** How long clients that have their last answer may take to close their side, in milliseconds. */
const CLOSE_WITHIN_MS = 1_500;

/** Resolves once everything that has arrived until now has been read. */
function afterReading(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Most connections that may wait to be accepted. */
export const BACKLOG = 1024;

/** What memcached says when it has no buffer left to read into. */
const OUT_OF_MEMORY = `${SERVER_ERROR_LINES.OUT_OF_MEMORY}\r\n`;

/** Of a client that is refused. */
const UNHEARD: ConnectionHandlers = { onData: ignore, onEnd: ignore, onError: ignore, onClose: ignore };

function ignore(): void {}
