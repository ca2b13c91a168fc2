import { Fifo } from '../../base/fifo.ts';

/** The most requests that one controller owes this one, and their most bytes. Further ones wait here, in their order. */
export const OWED_MAX = 1024;
export const OWED_BYTES_MAX = 8 * 1_048_576;

/** The requests for one controller: those that it owes an answer, and those that wait to be sent. */
export class Outbox<Item extends { readonly bytes: number }> {
  readonly #send: (item: Item) => void;
  readonly #waiting = new Fifo<Item>();
  #owed = 0;
  #owedBytes = 0;

  constructor(send: (item: Item) => void) {
    this.#send = send;
  }

  /** Further requests should not be begun. */
  get isFull(): boolean {
    return this.#waiting.length > 0;
  }

  /** Nothing is owed, and nothing waits. */
  get isIdle(): boolean {
    return this.#owed === 0 && this.#waiting.length === 0;
  }

  push(item: Item): void {
    this.#waiting.push(item);
    this.#drain();
  }

  /** A request was answered, or is given up. @returns true when further ones may be begun, which was not so before */
  onAnswered({ bytes }: Item): boolean {
    const wasFull = this.isFull;
    this.#owed--;
    this.#owedBytes -= bytes;
    this.#drain();
    return wasFull && !this.isFull;
  }

  /** The controller is gone. @returns the requests that were not sent */
  clear(): readonly Item[] {
    const unsent = this.#waiting.filter(() => true);
    this.#waiting.clear();
    this.#owed = 0;
    this.#owedBytes = 0;
    return unsent;
  }

  /** A request that is larger than the bound goes alone. */
  #drain(): void {
    for (let first = this.#waiting.first(); first !== undefined; first = this.#waiting.first()) {
      const fits = this.#owed < OWED_MAX && this.#owedBytes + first.bytes <= OWED_BYTES_MAX;
      if (!fits && this.#owed > 0) return;
      this.#waiting.shift();
      this.#owed++;
      this.#owedBytes += first.bytes;
      this.#send(first);
    }
  }
}
