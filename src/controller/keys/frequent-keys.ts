/** A key, and how often it was added, by reads and by writes. */
export interface FrequentKey {
  readonly key: string;
  readonly reads: number;
  readonly writes: number;
}

const NO_KEY = -1;

/**
 * The most frequent keys of a stream, in bounded memory: the algorithm "space saving" (Metwally, Agrawal and El Abbadi,
 * 2005), with weights that decay.
 *
 * A new key replaces the key with the smallest count, and inherits that count as its **error**: the new key may have
 * been added so often before without being noticed. A key that makes up more than 1/capacity of the stream is therefore
 * always among the keys. The reported numbers leave the error out, so they never exceed the truth.
 */
export class FrequentKeys {
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #reads: Float64Array;
  readonly #writes: Float64Array;
  readonly #errors: Float64Array;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#reads = new Float64Array(capacity);
    this.#writes = new Float64Array(capacity);
    this.#errors = new Float64Array(capacity);
  }

  get size(): number {
    return this.#keys.length;
  }

  add(key: string, isWrite: boolean, weight: number): void {
    const slot = this.#slots.get(key) ?? this.#take(key);
    const counts = isWrite ? this.#writes : this.#reads;
    counts[slot] = counts[slot]! + weight;
  }

  /** Multiplies every count by the factor. */
  decay(factor: number): void {
    for (let slot = 0; slot < this.size; slot++) {
      this.#reads[slot] = this.#reads[slot]! * factor;
      this.#writes[slot] = this.#writes[slot]! * factor;
      this.#errors[slot] = this.#errors[slot]! * factor;
    }
  }

  clear(): void {
    this.#slots.clear();
    this.#keys.length = 0;
  }

  /** The most frequent key first. */
  top(count: number): FrequentKey[] {
    return this.#keys
      .map((key, slot) => ({ key, reads: this.#reads[slot]!, writes: this.#writes[slot]! }))
      .sort((a, b) => b.reads + b.writes - (a.reads + a.writes))
      .slice(0, count);
  }

  #take(key: string): number {
    const isFull = this.size === this.#capacity;
    const slot = isFull ? this.#smallest() : this.size;
    if (isFull) this.#slots.delete(this.#keys[slot]!);
    this.#errors[slot] = isFull ? this.#countOf(slot) : 0;
    this.#reads[slot] = 0;
    this.#writes[slot] = 0;
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
    return slot;
  }

  #smallest(): number {
    let smallest = NO_KEY;
    for (let slot = 0; slot < this.size; slot++)
      if (smallest === NO_KEY || this.#countOf(slot) < this.#countOf(smallest)) smallest = slot;
    return smallest;
  }

  #countOf(slot: number): number {
    return this.#reads[slot]! + this.#writes[slot]! + this.#errors[slot]!;
  }
}
