/**
 * The keys whose newest write the local store does not have: the store was away, or the write came without its value.
 * Beyond `UNSTORED_MAX` keys it is no longer known which they are, and any key may be one.
 */
export class UnstoredKeys {
  #keys = new Set<string>();
  #any = false;

  get isEmpty(): boolean {
    return !this.#any && this.#keys.size === 0;
  }

  /** Any key may be one. */
  get isAny(): boolean {
    return this.#any;
  }

  add(key: string): void {
    if (this.#any) return;
    this.#keys.add(key);
    if (this.#keys.size > UNSTORED_MAX) this.#becomeAny();
  }

  #becomeAny(): void {
    this.#any = true;
    this.#keys.clear();
  }

  /** Notes the keys that are some of these in another one, too. */
  addTo(other: UnstoredKeys, isOf: (key: string) => boolean): void {
    if (this.#any) other.#becomeAny();
    for (const key of this.#keys) if (isOf(key)) other.add(key);
  }

  /** Moves the keys that are some of these to another one. Where any key may be one, that stays so in both. */
  moveTo(other: UnstoredKeys, isOf: (key: string) => boolean): void {
    this.addTo(other, isOf);
    for (const key of this.#keys) if (isOf(key)) this.#keys.delete(key);
  }

  /** Takes out the keys that are known. */
  take(): Set<string> {
    const keys = this.#keys;
    this.#keys = new Set();
    this.#any = false;
    return keys;
  }
}

/** The most keys that are remembered one by one. */
export const UNSTORED_MAX = 16_384;
