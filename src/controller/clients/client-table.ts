import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { ConnectionFigures, ServedClient } from './client.ts';
import type { ClientConnection, ClientPorts } from './client-connection.ts';

export interface ClientTablePorts {
  /** Requests that `flush` is called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** So many connections have had their turn, and have more requests to decode. */
  readonly onYields: (connections: number) => void;
}

/**
 * All client connections of a controller: which have answers to write, which wait for their turn, whose reads
 * wait.
 */
export class ClientTable {
  readonly #ports: ClientTablePorts;
  readonly #connections = new Set<ServedClient>();
  #outputs: ClientConnection[] = [];
  /** Connections that have more requests to decode, in the order of their next turns. */
  #yielded: ClientConnection[] = [];
  /** Connections whose reads wait for budget. */
  #blocked = new Set<ServedClient>();
  /** Connections that have not got their last answer. */
  #unanswered = 0;
  /** Checks that run whenever a connection has ended or closed. */
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

  /** The events that a connection of this table reports. */
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

  add(connection: ServedClient): void {
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

  /**
   * Closes the connections whose clients have taken none of their replies since `sinceMs`. @returns how many
   */
  closeStalled(sinceMs: MonotonicMs): number {
    return this.#close((connection) => connection.hasStalledSince(sinceMs));
  }

  /**
   * Closes the connections whose clients have sent nothing since `sinceMs` and wait for no answer. @returns
   * how many
   */
  closeIdle(sinceMs: MonotonicMs): number {
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

  /** A connection of a client, or one that was never identified, has ended or closed. */
  onLeft(): void {
    for (const look of this.#watchers) look();
  }

  /** Resolves when the condition holds, or after `withinMs`. */
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

  #close(isToClose: (connection: ServedClient) => boolean): number {
    let closed = 0;
    for (const connection of this.#connections) {
      if (!isToClose(connection)) continue;
      connection.destroy();
      closed++;
    }
    return closed;
  }

  /** Connections that find no budget again wait again, in the same order. */
  #goOn(): void {
    const blocked = this.#blocked;
    this.#blocked = new Set();
    for (const connection of blocked) connection.goOn();
  }

  #onYield(connection: ClientConnection): void {
    this.#yielded.push(connection);
    if (this.#yielded.length === 1) setImmediate(this.#giveTurns);
  }

  /** Between two turns the event loop reads what all other clients have sent. */
  readonly #giveTurns = (): void => {
    const yielded = this.#yielded;
    this.#yielded = [];
    this.#ports.onYields(yielded.length);
    for (const connection of yielded) connection.resumeDecoding();
  };
}
