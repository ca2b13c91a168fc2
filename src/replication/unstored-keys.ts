/**
 * Keys whose newest write the local store did not take, since it was away, or never got, since the value did not
 * come with it. Beyond `UNSTORED_MAX` it is no longer known which they are: then any key may be one.
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
    if (this.#keys.size <= UNSTORED_MAX) return;
    this.#any = true;
    this.#keys.clear();
  }

  /** Those that are known, for somebody who sees to them; none is left. */
  take(): Set<string> {
    const keys = this.#keys;
    this.#keys = new Set();
    this.#any = false;
    return keys;
  }
}

/** Most keys that are remembered one by one. */
export const UNSTORED_MAX = 16_384;
