import type { Socket } from 'node:net';

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
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | null = null;
  #onFree: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once('close', () => {
      this.#stopTimer();
      this.#onFree();
    });
    // Replies that nobody waits for are read all the same: the end of the stream comes after them.
    socket.resume();
    socket.end();
  }

  get free(): boolean {
    return this.#socket.closed;
  }

  /** Calls back when the way is free, in `withinMs` at the latest. Of several calls only the last counts. */
  whenFree(withinMs: number, onFree: () => void): void {
    this.#onFree = onFree;
    this.#stopTimer();
    if (this.free) onFree();
    else this.#timer = setTimeout(() => this.#socket.resetAndDestroy(), withinMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
