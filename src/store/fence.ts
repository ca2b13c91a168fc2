import type { AbandonedConnection } from './store-connection.ts';

/**
 * Keeps the writes on a lost connection from taking effect after writes on the next one.
 *
 *  1. Bytes that were sent may still lie unread in front of a store that hangs; and when a store with several threads
 *     goes on, it may read the newer connection first. Therefore the old connection is only closed for sending.
 *  2. A store closes its own direction when it has read everything. From then on nothing on the old connection can
 *     take effect, and the fence is free.
 *  3. A store that answers on another connection, and does not close the old one in time, has no such connection any
 *     more: it was restarted, or the network between has lost the connection. Then the connection is reset, so that
 *     nothing of it that still waits on this side can leave.
 */
export class Fence {
  readonly #connection: AbandonedConnection;
  #timer: NodeJS.Timeout | null = null;
  #onFree: () => void = () => {};

  constructor(connection: AbandonedConnection) {
    this.#connection = connection;
    // The end of the stream comes behind the replies that are still on their way, so those are read, and dropped.
    connection.drain(() => {
      this.#stopTimer();
      this.#onFree();
    });
  }

  get free(): boolean {
    return this.#connection.isClosed;
  }

  /** Calls back when the fence is free, after `withinMs` at the latest. Only the last of several calls counts. */
  whenFree(withinMs: number, onFree: () => void): void {
    this.#onFree = onFree;
    this.#stopTimer();
    if (this.free) onFree();
    else this.#timer = setTimeout(() => this.#connection.reset(), withinMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
