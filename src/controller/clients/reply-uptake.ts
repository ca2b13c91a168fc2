import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../../base/transport.ts';

/** How a client takes its replies: at once, slowly, or not at all. */
export class ReplyUptake {
  readonly #connection: Connection;
  readonly #clock: Clock;
  /** The last time at which the client had taken everything after a backlog, monotonic. */
  #drainedMs = Number.NEGATIVE_INFINITY;
  /** The bytes that the client had taken at the last check, and since when that number has not changed. */
  #takenBytes = -1;
  #sinceMs = 0;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  onDrain(): void {
    this.#drainedMs = this.#clock.nowMs();
  }

  /** At some moment since `ms` the client had not taken everything that was written for it. */
  hadBacklogSince(ms: number): boolean {
    return this.#connection.waitingBytes > 0 || this.#drainedMs > ms;
  }

  /**
   * Checks how much the client has taken.
   *
   * @returns whether it has a backlog and has taken nothing of it since `ms`, as far as these checks could
   *   see
   */
  checkStalledSince(ms: number): boolean {
    const { bytesWritten, waitingBytes } = this.#connection;
    const takenBytes = bytesWritten - waitingBytes;
    if (waitingBytes === 0 || takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#sinceMs = this.#clock.nowMs();
    }
    return this.#sinceMs <= ms;
  }
}
