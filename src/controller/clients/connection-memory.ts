import type { Connection } from '../../base/transport.ts';
import type { ReplyBuffer } from '../../protocol/reply-buffer.ts';
import type { ClientBudget } from './client-budget.ts';

/**
 * What one client connection holds in memory, as the budget of all clients counts it: requests under way, replies that
 * were not taken, input that is not decoded; and what its reads are expected to bring.
 */
export class ConnectionMemory {
  readonly #budget: ClientBudget;
  readonly #connection: Connection;
  readonly #output: ReplyBuffer;
  /** Values of writes under way, and keys of requests that read many. */
  #requestBytes = 0;
  /** What reads under way are expected to bring, or have brought and is not in the output yet. */
  #readBytes = 0;
  /** What the budget has counted for this connection. */
  #countedBytes = 0;

  constructor(budget: ClientBudget, connection: Connection, output: ReplyBuffer) {
    this.#budget = budget;
    this.#connection = connection;
    this.#output = output;
    budget.join();
  }

  /** No further request may be taken until some of this is gone. */
  get isFull(): boolean {
    return this.#requestBytes + this.#replyBytes + this.#readBytes >= this.#budget.allowance;
  }

  get isAboveShare(): boolean {
    return this.#countedBytes > this.#budget.share;
  }

  get isBudgetExhausted(): boolean {
    return this.#budget.isExhausted;
  }

  get #replyBytes(): number {
    return this.#output.byteLength + this.#connection.waitingBytes;
  }

  /** @param bytes of a request that has begun; negative for one that has been answered */
  addRequest(bytes: number): void {
    this.#requestBytes += bytes;
  }

  /** @param bytes that a read is expected to bring; negative for a read that has ended */
  addRead(bytes: number): void {
    this.#readBytes += bytes;
    this.#budget.add(0, bytes);
  }

  /**
   * A value of this size may be read now. What requests hold themselves does not count: one request may be larger than what a
   * connection may have, and only its reads can end it.
   *
   * @param awaited the client can take the reply to this read before any other
   */
  fits(bytes: number, awaited: boolean): boolean {
    const held = this.#replyBytes + (awaited ? 0 : this.#readBytes);
    return held + bytes <= this.#budget.allowance || (held === 0 && this.#budget.admitsOne(bytes));
  }

  /** Has the budget count what is held now. @param undecodedBytes of the input */
  account(undecodedBytes: number): void {
    this.#countAs(this.#requestBytes + this.#replyBytes + undecodedBytes);
  }

  /** The connection is gone: it holds nothing. */
  release(): void {
    this.#countAs(0);
    this.#budget.add(0, -this.#readBytes);
    this.#budget.leave();
  }

  #countAs(bytes: number): void {
    this.#budget.add(bytes - this.#countedBytes, 0);
    this.#countedBytes = bytes;
  }
}
