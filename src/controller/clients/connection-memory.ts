import type { ClientBudget } from './client-budget.ts';

/**
 * The memory that one client connection takes, as the budget of all clients counts it: requests under way,
 * replies that were not taken, input that is not decoded yet, and the values that its reads are expected to
 * bring.
 */
export class ConnectionMemory {
  readonly #budget: ClientBudget;
  readonly #connection: { readonly waitingBytes: number };
  readonly #output: { readonly byteLength: number };
  /** The values of writes under way, and the keys of requests that read many. */
  #requestBytes = 0;
  /**
   * The bytes that reads under way are expected to bring, or have brought but not put into the output yet.
   */
  #readBytes = 0;
  /** The bytes that the budget has counted for this connection. */
  #countedBytes = 0;

  /**
   * @param connection so much of the replies waits in it
   * @param output replies that were not handed to the connection yet
   */
  constructor(
    budget: ClientBudget,
    connection: { readonly waitingBytes: number },
    output: { readonly byteLength: number },
  ) {
    this.#budget = budget;
    this.#connection = connection;
    this.#output = output;
    budget.join();
  }

  /** No further request may be taken until some of this memory is free. */
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
   * A value of this size may be read now. The memory of the requests themselves does not count: a single
   * request may exceed what a connection may have, and only its reads can end it.
   *
   * @param awaited the client can take the reply to this read before any other reply
   */
  fits(bytes: number, awaited: boolean): boolean {
    const held = this.#replyBytes + (awaited ? 0 : this.#readBytes);
    return held + bytes <= this.#budget.allowance || (held === 0 && this.#budget.admitsOne(bytes));
  }

  /** Tells the budget what is held now. @param undecodedBytes of the input */
  account(undecodedBytes: number): void {
    this.#countAs(this.#requestBytes + this.#replyBytes + undecodedBytes);
  }

  /** The connection is gone and holds nothing any more. */
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
