/** What one connection may have outstanding, in bytes, before no more of its requests are read. */
export const CONNECTION_BYTES_MAX = 4 * 1_048_576;

/** Of the bound of all clients: from here on those that do not take their replies are in the way of the others. */
const CROWDED_SHARE = 3 / 4;

/** The least that a connection may have outstanding, in bytes, however many there are. */
const SHARE_BYTES_MIN = 16_384;

/**
 * What a controller holds for all its clients together, in bytes: values of writes under way, keys of requests that read
 * many, replies that were not taken, requests of which the rest is still to come; and what reads that were begun are
 * expected to bring.
 *
 * Up to half of the bound, a connection may have `CONNECTION_BYTES_MAX` outstanding. From there on it is slowed
 * at its share, half of the bound by the number of connections: those that hold less do not notice. One that holds
 * nothing may have a single value that is larger than its share, as long as the whole bound has room for it. From
 * `CROWDED_SHARE` of the bound on, one that holds more than its share and takes nothing of its replies is to be closed.
 * Slowing does not help against unfinished requests, as only more input could end them: at the whole bound, a connection
 * that holds more than its share and sends more is to be refused. What is only expected refuses no one.
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

  /** What a connection may have outstanding now. */
  get allowance(): number {
    return this.#bytes + this.#expectedBytes < this.#bytesMax / 2 ? CONNECTION_BYTES_MAX : this.share;
  }

  /** A connection that holds nothing may have one value of this size. */
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

  /** Both are changes, negative when there is less than before. */
  add(bytes: number, expectedBytes: number): void {
    this.#bytes += bytes;
    this.#expectedBytes += expectedBytes;
  }
}
