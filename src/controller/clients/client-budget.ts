/** The bytes that one connection may have outstanding before its further requests are no longer read. */
export const CONNECTION_BYTES_MAX = 4 * 1_048_576;

/** Above this share of the bound, connections that do not take their replies are closed. */
const CROWDED_SHARE = 3 / 4;

/** The bytes that a connection may always have outstanding, however many connections there are. */
const SHARE_BYTES_MIN = 16_384;

/**
 * Bounds what a controller holds in memory for all its clients together, in bytes. It counts the values of
 * writes under way, the keys of requests that read many, replies that were not taken, requests that have
 * arrived in part, and the values that reads under way are expected to bring.
 *
 * 1. Up to half of the bound, a connection may have `CONNECTION_BYTES_MAX` outstanding.
 * 2. Above half, each connection is slowed at its share: half of the bound, divided by the number of
 *    connections. A connection that holds less than its share notices nothing. A connection that holds
 *    nothing may have one value larger than its share, as long as the whole bound has room for it.
 * 3. From `CROWDED_SHARE` of the bound on, a connection is closed if it holds more than its share and takes
 *    none of its replies.
 * 4. At the whole bound, a connection is refused if it holds more than its share and sends more. Slowing does
 *    not help there, because only more input could complete an unfinished request. Bytes that are only
 *    expected never cause a refusal.
 */
export class ClientBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  #expectedBytes = 0;
  #connections = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isExhausted(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  get share(): number {
    const share = this.#bytesMax / 2 / Math.max(1, this.#connections);
    return Math.min(CONNECTION_BYTES_MAX, Math.max(SHARE_BYTES_MIN, share));
  }

  /** The bytes that a connection may have outstanding now. */
  get allowance(): number {
    return this.#bytes + this.#expectedBytes < this.#bytesMax / 2 ? CONNECTION_BYTES_MAX : this.share;
  }

  /** A connection that holds nothing may now have one value of this size. */
  admitsOne(bytes: number): boolean {
    return this.#bytes + this.#expectedBytes + bytes <= this.#bytesMax;
  }

  get isCrowded(): boolean {
    return this.#bytes + this.#expectedBytes >= this.#bytesMax * CROWDED_SHARE;
  }

  join(): void {
    this.#connections++;
  }

  leave(): void {
    this.#connections--;
  }

  /**
   * Adds to what is held and to what is expected. @param bytes negative for less @param expectedBytes
   * negative for less
   */
  add(bytes: number, expectedBytes: number): void {
    this.#bytes += bytes;
    this.#expectedBytes += expectedBytes;
  }
}
