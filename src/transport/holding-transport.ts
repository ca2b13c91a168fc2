import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Listener,
  NetworkAddress,
  Transport,
} from '../base/transport.ts';

/** As seen from the end that has made the connection. */
export type Direction = 'sent' | 'received';

/** One direction of all connections to one address. */
export interface Way {
  readonly address: NetworkAddress;
  readonly direction: Direction;
}

/**
 * A transport that can hold back what goes over the connections that it makes, one way at a time. Bytes on a way that
 * is held wait, in their order, until the way is released; none is lost, and neither end learns of it. A link between
 * controllers is therefore held as by a network that is slow: its heartbeats wait with everything else.
 *
 * Of each pair of controllers one makes the connection, so that its transport can hold both ways. Connections that are
 * accepted are never held. An owner of a connection must not pause it while a way to its address is held.
 */
export class HoldingTransport implements Transport {
  readonly #inner: Transport;
  /** By address: the connections that were made there, until they are closed. */
  readonly #made = new Map<string, Connection[]>();
  readonly #held = new Set<string>();

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  listen(
    address: NetworkAddress,
    backlog: number,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    return this.#inner.listen(address, backlog, onConnection);
  }

  connect(address: NetworkAddress, handlers: ConnectionHandlers, options?: ConnectOptions): Connection {
    const connection = this.#inner.connect(address, handlers, options);
    this.#made.set(nameOf(address), [...this.#openTo(address), connection]);
    for (const direction of DIRECTIONS) {
      if (this.#held.has(wayName({ address, direction }))) HOLD[direction](connection);
    }
    return connection;
  }

  /** Holds this way from now on, also of connections that are made later. It may be held already. */
  hold(way: Way): void {
    if (this.#held.has(wayName(way))) return;
    this.#held.add(wayName(way));
    for (const connection of this.#openTo(way.address)) HOLD[way.direction](connection);
  }

  /** Lets through what has waited, and all that follows. */
  release(way: Way): void {
    if (!this.#held.delete(wayName(way))) return;
    for (const connection of this.#openTo(way.address)) RELEASE[way.direction](connection);
  }

  #openTo(address: NetworkAddress): Connection[] {
    return (this.#made.get(nameOf(address)) ?? []).filter(({ isClosed }) => !isClosed);
  }
}

const DIRECTIONS: readonly Direction[] = ['sent', 'received'];

type Step = Readonly<Record<Direction, (connection: Connection) => void>>;

const HOLD: Step = {
  sent: (connection) => connection.cork(),
  received: (connection) => connection.pause(),
};

const RELEASE: Step = {
  sent: (connection) => connection.uncork(),
  received: (connection) => connection.resume(),
};

function nameOf({ host, port }: NetworkAddress): string {
  return `${host}:${port}`;
}

function wayName({ address, direction }: Way): string {
  return `${direction} ${nameOf(address)}`;
}
