import type { Connection } from '../base/transport.ts';
import type { AbandonedConnection } from './store-connection.ts';

/** An abandoned connection of a transport. */
export class Abandoned implements AbandonedConnection {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  drain(onClosed: () => void): void {
    this.#connection.handle({ onData: ignore, onEnd: ignore, onError: ignore, onClose: onClosed });
    this.#connection.resume();
    this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  reset(): void {
    this.#connection.reset();
  }

  get isDestroyed(): boolean {
    return this.#connection.isDestroyed;
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }
}

function ignore(): void {}
