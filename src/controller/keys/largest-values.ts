/** A key, and the size of its value. */
export interface SizedKey {
  /** Latin-1, one character a byte. */
  readonly key: string;
  readonly valueBytes: number;
}

/** The keys with the largest values among those that were offered, in bounded memory. */
export class LargestValues {
  readonly #capacity: number;
  /** The largest first. */
  readonly #keys: SizedKey[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The largest first. */
  get keys(): readonly SizedKey[] {
    return this.#keys;
  }

  offer(key: string, valueBytes: number): void {
    const keys = this.#keys;
    if (keys.length === this.#capacity && valueBytes <= keys[keys.length - 1]!.valueBytes) return;
    let at = keys.length;
    while (at > 0 && keys[at - 1]!.valueBytes < valueBytes) at--;
    keys.splice(at, 0, { key, valueBytes });
    if (keys.length > this.#capacity) keys.pop();
  }
}
