import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';

/** How a client takes what it is given: at once, slowly, or not at all. */
export class Taking {
  readonly #socket: Socket;
  /** Monotonic, milliseconds. */
  readonly #clock: Clock;
  /** When the client last took all that it had been given, after a while of not doing so. */
  #drainedMs = Number.NEGATIVE_INFINITY;
  /** Bytes that it had taken when that was last looked at, and since when it has been so. */
  #bytes = -1;
  #sinceMs = 0;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  onDrain(): void {
    this.#drainedMs = this.#clock.nowMs();
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
      this.#sinceMs = this.#clock.nowMs();
    }
    return this.#sinceMs <= ms;
  }
}
