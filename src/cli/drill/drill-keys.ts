import type { SeededRandom } from '../../base/seeded-random.ts';

/** Keys that are used from the beginning to the end. */
const LASTING_KEYS = 6;

/** Keys that are used together for a while, so that the history of none of them gets long. */
const KEYS_AT_ONCE = 6;
const PICKS_PER_SET = 300;

/** The share of operations on the keys that last. */
const LASTING_SHARE = 0.3;

/** Keys are announced in so large lots, before the first of a lot is used. */
const LOT = 60;

/** The keys of one drill, all under a prefix of its own. */
export class DrillKeys {
  readonly prefix: string;
  readonly #random: SeededRandom;
  readonly #onLot: (count: number) => void;
  #announced = 0;
  #used = 0;
  #picks = 0;
  readonly #lasting: readonly string[];
  #current: readonly string[];

  /** @param onLot told how many keys there may be, before any of them is used */
  constructor(prefix: string, random: SeededRandom, onLot: (count: number) => void) {
    this.prefix = prefix;
    this.#random = random;
    this.#onLot = onLot;
    this.#lasting = this.#next(LASTING_KEYS);
    this.#current = this.#next(KEYS_AT_ONCE);
  }

  /** All that were used. */
  get all(): readonly string[] {
    return Array.from({ length: this.#used }, (_, number) => keyOf(this.prefix, number));
  }

  pick(): string {
    if (++this.#picks % PICKS_PER_SET === 0) this.#current = this.#next(KEYS_AT_ONCE);
    return this.#random.pick(this.#random.chance(LASTING_SHARE) ? this.#lasting : this.#current);
  }

  #next(count: number): readonly string[] {
    while (this.#used + count > this.#announced) {
      this.#announced += LOT;
      this.#onLot(this.#announced);
    }
    const from = this.#used;
    this.#used += count;
    return Array.from({ length: count }, (_, at) => keyOf(this.prefix, from + at));
  }
}

/** The name of one key: the numbers begin with 0. */
export function keyOf(prefix: string, number: number): string {
  return `${prefix}k${number}`;
}
