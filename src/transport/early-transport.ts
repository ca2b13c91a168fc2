import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Listener,
  NetworkAddress,
  Transport,
} from '../base/transport.ts';

/** How often an address is tried again that a process before this one has not left yet, in milliseconds. */
const TRIED_EVERY_MS = 20;

/**
 * A transport that listens before its owner is ready to: `open` listens on addresses, and connections wait there
 * unread until the owner calls `listen`. A client that calls while the program still loads is therefore served late,
 * and not refused.
 *
 * An address that another process has is tried again for a while: a process that was killed may not have left it yet.
 */
export class EarlyTransport implements Transport {
  readonly #inner: Transport;
  readonly #triedForMs: number;
  readonly #doors = new Map<string, Door>();

  constructor(inner: Transport, triedForMs: number) {
    this.#inner = inner;
    this.#triedForMs = triedForMs;
  }

  /**
   * Listens there from now on.
   *
   * @param alsoAt another address that leads to the same owner, where the system has it
   * @throws the system's error when the address can't be listened on
   */
  async open(address: NetworkAddress, alsoAt: NetworkAddress): Promise<void> {
    const door = new Door();
    this.#doors.set(nameOf(address), door);
    door.listeners.push(await this.#listenPatiently(address, door.admit));
    try {
      door.listeners.push(await this.#listenPatiently(alsoAt, door.admit));
    } catch (error) {
      if (!NO_SUCH_ADDRESS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  async listen(
    address: NetworkAddress,
    backlog: number,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    const door = this.#doors.get(nameOf(address));
    return door?.handOver(onConnection) ?? this.#listenPatiently(address, onConnection, backlog);
  }

  connect(address: NetworkAddress, handlers: ConnectionHandlers, options?: ConnectOptions): Connection {
    return this.#inner.connect(address, handlers, options);
  }

  async #listenPatiently(
    address: NetworkAddress,
    onConnection: (connection: Connection) => void,
    backlog = BACKLOG,
  ): Promise<Listener> {
    for (let leftMs = this.#triedForMs; ; leftMs -= TRIED_EVERY_MS) {
      try {
        return await this.#inner.listen(address, backlog, onConnection);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || leftMs <= 0) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, TRIED_EVERY_MS));
    }
  }
}

/** Most connections that may wait to be accepted. */
const BACKLOG = 1024;

/** This machine has no such address, or not even the protocol. */
const NO_SUCH_ADDRESS: readonly string[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'];

/** The listeners of one owner. Connections wait, paused, until there is one. */
class Door {
  readonly listeners: Listener[] = [];
  #waiting: Connection[] = [];
  #onConnection: ((connection: Connection) => void) | null = null;

  readonly admit = (connection: Connection): void => {
    if (this.#onConnection !== null) return this.#onConnection(connection);
    connection.pause();
    this.#waiting.push(connection);
  };

  handOver(onConnection: (connection: Connection) => void): Listener {
    this.#onConnection = onConnection;
    for (const connection of this.#waiting) {
      if (connection.isDestroyed) continue;
      onConnection(connection);
      connection.resume();
    }
    this.#waiting = [];
    return {
      close: () => {
        for (const listener of this.listeners) listener.close();
      },
    };
  }
}

function nameOf({ host, port }: NetworkAddress): string {
  return `${host}:${port}`;
}
