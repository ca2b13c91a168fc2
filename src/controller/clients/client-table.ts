import type { ClientConnection, ClientPorts, ConnectionFigures } from './client-connection.ts';

export interface ClientTablePorts {
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** Connections have had as many requests decoded as they may in a turn, and have more. */
  readonly onYields: (connections: number) => void;
}

/** All client connections of a controller: who is to be written to, whose turn it is, and whose reads wait. */
export class ClientTable {
  readonly #ports: ClientTablePorts;
  readonly #connections = new Set<ClientConnection>();
  #outputs: ClientConnection[] = [];
  /** Connections with more requests at hand, in the order in which they get their next turn. */
  #yielded: ClientConnection[] = [];
  /** Connections whose reads wait for budget. */
  #blocked = new Set<ClientConnection>();
  /** Connections that have not got their last answer. */
  #unanswered = 0;
  /** Look whether what they wait for has come, whenever a connection has ended or closed. */
  readonly #watchers = new Set<() => void>();

  constructor(ports: ClientTablePorts) {
    this.#ports = ports;
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Every connection has got its last answer. */
  get areAllAnswered(): boolean {
    return this.#unanswered === 0;
  }

  get figures(): ConnectionFigures[] {
    return Array.from(this.#connections, ({ figures }) => figures).filter(({ address }) => address !== '');
  }

  /** What a connection tells the table that it is in. */
  connectionEvents(): Pick<
    ClientPorts,
    'onOutput' | 'onYield' | 'onBlocked' | 'onBudgetFreed' | 'onEnd' | 'onClose'
  > {
    return {
      onOutput: (connection) => {
        this.#outputs.push(connection);
        this.#ports.requestFlush();
      },
      onYield: (connection) => this.#onYield(connection),
      onBlocked: (connection) => this.#blocked.add(connection),
      onBudgetFreed: () => {
        if (this.#blocked.size > 0) this.#ports.requestFlush();
      },
      onEnd: () => {
        this.#unanswered--;
        this.onLeft();
      },
      onClose: (connection) => {
        this.#connections.delete(connection);
        this.#blocked.delete(connection);
        this.onLeft();
      },
    };
  }

  add(connection: ClientConnection): void {
    this.#connections.add(connection);
    this.#unanswered++;
  }

  /** Writes the answers of this turn. */
  flush(): void {
    const outputs = this.#outputs;
    this.#outputs = [];
    for (const connection of outputs) connection.flush();
    if (this.#blocked.size > 0) this.#goOn();
  }

  /** Starts requests that were waiting for the scheme. */
  drain(): void {
    for (const connection of this.#connections) connection.drain();
  }

  /** Closes clients that have taken nothing since then of what they were given. @returns how many */
  closeStalled(sinceMs: number): number {
    return this.#close((connection) => connection.hasStalledSince(sinceMs));
  }

  /** Closes clients that have sent nothing since then and wait for nothing. @returns how many */
  closeIdle(sinceMs: number): number {
    return this.#close((connection) => connection.isIdleSince(sinceMs));
  }

  closeAll(): void {
    this.#close(() => true);
  }

  /** Ends every connection with its next answer. */
  finishWithNextAnswer(): void {
    for (const connection of this.#connections) connection.finishWithNextAnswer();
  }

  /** Ends every connection once all that was asked on it is answered. */
  finish(): void {
    for (const connection of this.#connections) connection.finish();
  }

  /** A connection has ended or closed, of a client or of a caller that never said what it is. */
  onLeft(): void {
    for (const look of this.#watchers) look();
  }

  /** Resolves when it is so, or after so long. */
  async until(isSo: () => boolean, withinMs: number): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    const look = () => {
      if (isSo()) resolve();
    };
    this.#watchers.add(look);
    await promise;
    this.#watchers.delete(look);
    clearTimeout(timer);
  }

  #close(isToClose: (connection: ClientConnection) => boolean): number {
    let closed = 0;
    for (const connection of this.#connections) {
      if (!isToClose(connection)) continue;
      connection.destroy();
      closed++;
    }
    return closed;
  }

  /** Those that find no budget once more wait again, in the same order. */
  #goOn(): void {
    const blocked = this.#blocked;
    this.#blocked = new Set();
    for (const connection of blocked) connection.goOn();
  }

  #onYield(connection: ClientConnection): void {
    this.#yielded.push(connection);
    if (this.#yielded.length === 1) setImmediate(this.#giveTurns);
  }

  /** In between, the event loop has read what all the others have sent. */
  readonly #giveTurns = (): void => {
    const yielded = this.#yielded;
    this.#yielded = [];
    this.#ports.onYields(yielded.length);
    for (const connection of yielded) connection.resumeDecoding();
  };
}
