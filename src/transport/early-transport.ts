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

/** What a client gets that has waited too long for the owner of an address. */
export interface LateAnswer {
  readonly afterMs: number;
  /** The connection is closed behind it. */
  readonly answer: () => string;
}

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
   * @param alsoAt another address that leads to the same owner, where the system has it; null for none
   * @param late absent: clients wait for the owner, however long that takes
   * @throws the system's error when the address can't be listened on
   */
  async open(address: NetworkAddress, alsoAt: NetworkAddress | null, late?: LateAnswer): Promise<void> {
    const door = new Door(late ?? null);
    this.#doors.set(nameOf(address), door);
    door.add(await this.#listenPatiently(address, door.admit));
    if (alsoAt === null) return;
    try {
      door.add(await this.#listenPatiently(alsoAt, door.admit));
    } catch (error) {
      if (!NO_SUCH_ADDRESS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }

  /** The same owner listens there as well, as soon as that is possible and if it ever is. */
  openAlso(address: NetworkAddress, alsoAt: NetworkAddress): void {
    const door = this.#doors.get(nameOf(address))!;
    this.#listenPatiently(alsoAt, door.admit).then(
      (listener) => door.add(listener),
      () => {},
    );
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

  /** Gives the addresses up that nobody has taken over. Connections that wait there are closed. */
  close(): void {
    for (const door of this.#doors.values()) door.close();
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

/** The listeners of one owner. Connections wait, paused, until there is one, or until it is too late. */
class Door {
  readonly #listeners: Listener[] = [];
  #isClosed = false;
  readonly #late: LateAnswer | null;
  readonly #waiting = new Map<Connection, NodeJS.Timeout | null>();
  #onConnection: ((connection: Connection) => void) | null = null;

  constructor(late: LateAnswer | null) {
    this.#late = late;
  }

  add(listener: Listener): void {
    if (this.#isClosed) listener.close();
    else this.#listeners.push(listener);
  }

  readonly admit = (connection: Connection): void => {
    if (this.#onConnection !== null) return this.#onConnection(connection);
    connection.pause();
    const late = this.#late;
    const timer = late === null ? null : setTimeout(() => this.#answerLate(connection, late), late.afterMs);
    this.#waiting.set(connection, timer);
  };

  handOver(onConnection: (connection: Connection) => void): Listener {
    this.#onConnection = onConnection;
    for (const [connection, timer] of this.#waiting) {
      if (timer !== null) clearTimeout(timer);
      if (connection.isDestroyed) continue;
      onConnection(connection);
      connection.resume();
    }
    this.#waiting.clear();
    return { close: () => this.#closeListeners() };
  }

  /** Does nothing once there is an owner. */
  close(): void {
    if (this.#onConnection !== null) return;
    this.#closeListeners();
    for (const [connection, timer] of this.#waiting) {
      if (timer !== null) clearTimeout(timer);
      connection.destroy();
    }
  }

  #closeListeners(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.close();
  }

  /** What the client has sent is read as well: the system would throw the answer away with bytes that nobody reads. */
  #answerLate(connection: Connection, { answer }: LateAnswer): void {
    this.#waiting.delete(connection);
    const close = () => connection.destroy();
    const timer = setTimeout(close, TAKEN_WITHIN_MS);
    connection.handle({ onData: ignore, onEnd: close, onError: ignore, onClose: () => clearTimeout(timer) });
    connection.resume();
    connection.end(answer());
  }
}

/** How long a client may take to close a connection that was answered late, in milliseconds. */
const TAKEN_WITHIN_MS = 1_000;

function ignore(): void {}

function nameOf({ host, port }: NetworkAddress): string {
  return `${host}:${port}`;
}
