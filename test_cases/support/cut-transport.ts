import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Listener,
  NetworkAddress,
  Transport,
} from '../../src/base/transport.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';

/** Refuses every connection: nothing on a machine listens there. */
const CLOSED_PORT = 1;

/** TCP that makes no connections to ports that are cut off, and ends those that were made. */
export class CutTransport implements Transport {
  readonly #cut = new Set<number>();
  readonly #made: { readonly port: number; readonly connection: Connection }[] = [];

  listen(
    address: NetworkAddress,
    backlog: number,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    return NODE_TRANSPORT.listen(address, backlog, onConnection);
  }

  connect(address: NetworkAddress, handlers: ConnectionHandlers, options?: ConnectOptions): Connection {
    const port = this.#cut.has(address.port) ? CLOSED_PORT : address.port;
    const connection = NODE_TRANSPORT.connect({ ...address, port }, handlers, options);
    this.#made.push({ port, connection });
    return connection;
  }

  cut(port: number): void {
    this.#cut.add(port);
    for (const made of this.#made)
      if (made.port === port && !made.connection.isClosed) made.connection.reset();
  }

  heal(): void {
    this.#cut.clear();
  }
}
