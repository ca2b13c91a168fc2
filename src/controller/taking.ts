import type { Socket } from 'node:net';

/** How a client takes what it is given: at once, slowly, or not at all. */
export class Taking {
  readonly #socket: Socket;
  /** Monotonic, milliseconds. */
  readonly #nowMs: () => number;
  /** When the client last took all that it had been given, after a while of not doing so. */
  #drainedMs = Number.NEGATIVE_INFINITY;
  /** Bytes that it had taken when that was last looked at, and since when it has been so. */
  #bytes = -1;
  #sinceMs = 0;

  constructor(socket: Socket, nowMs: () => number) {
    this.#socket = socket;
    this.#nowMs = nowMs;
  }

  onDrain(): void {
    this.#drainedMs = this.#nowMs();
  }

  /** At some time since then it had not taken all that it was given. */
  wasAwaitedSince(ms: number): boolean {
    return this.#socket.writableLength > 0 || this.#drainedMs > ms;
  }

  /** It has taken nothing since then of what it was given, as far as that was looked at. */
  hasStoodSince(ms: number): boolean {
    const { bytesWritten, writableLength } = this.#socket;
    const bytes = bytesWritten - writableLength;
    if (writableLength === 0 || bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#sinceMs = this.#nowMs();
    }
    return this.#sinceMs <= ms;
  }
}
