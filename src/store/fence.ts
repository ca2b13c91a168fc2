import type { AbandonedConnection } from './store-connection.ts';

/**
 * Keeps writes on a lost connection from taking effect after writes on the next one.
 *
 * What was sent may still lie unread in front of a store that hangs, and a store with several threads may
 * read a newer connection first when it goes on. So the old connection is only half closed: a store closes
 * its own half when it has read everything, and then the way is free. A store that answers elsewhere, yet
 * does not close this connection in time, no longer has it; by then the rest is reset, so that nothing more
 * of it can leave from here.
 */
export class Fence {
  readonly #connection: AbandonedConnection;
  #timer: NodeJS.Timeout | null = null;
  #onFree: () => void = () => {};

  constructor(connection: AbandonedConnection) {
    this.#connection = connection;
    // Replies that nobody waits for are read all the same: the end of the stream comes after them.
    connection.drain(() => {
      this.#stopTimer();
      this.#onFree();
    });
  }

  get free(): boolean {
    return this.#connection.isClosed;
  }

  /** Calls back when the way is free, in `withinMs` at the latest. Of several calls only the last counts. */
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
