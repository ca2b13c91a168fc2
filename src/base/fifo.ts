/** A queue with push and shift in constant time: an array and the index of its first element. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #start = 0;

  get length(): number {
    return this.#items.length - this.#start;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  first(): T | undefined {
    return this.#items[this.#start];
  }

  last(): T | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }

  /** @param index counted from the front */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.#items[this.#start + index];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#start];
    this.#items[this.#start] = undefined;
    this.#start++;
    if (this.#start >= COMPACT_AFTER && this.#start * 2 >= this.#items.length) this.#compact();
    return item;
  }

  filter(keep: (item: T) => boolean): T[] {
    return (this.#items.slice(this.#start) as T[]).filter(keep);
  }

  /** At most this many items from the front. */
  head(count: number): T[] {
    return this.#items.slice(this.#start, this.#start + count) as T[];
  }

  /** All items but this many from the front. */
  after(count: number): T[] {
    return this.#items.slice(this.#start + count) as T[];
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }
}

/** The array is shortened after this many shifts, so that each element is moved at most once on average. */
const COMPACT_AFTER = 64;
