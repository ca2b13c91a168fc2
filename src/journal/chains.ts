import type { ChainSum, JoinEffect } from '../ordering/effect.ts';
import { NO_CHAIN } from '../ordering/effect.ts';
import type { LogPosition } from './log-entry.ts';

/** The differences that the newest write of a key is made of, since its value was last written whole. */
export interface ValueChain {
  sum: ChainSum;
  /** The log entry with the whole value that the first of `parts` was added to. */
  whole: LogPosition;
  /** The log entries of the differences, in order. The last one is that of the key's record. */
  readonly parts: LogPosition[];
}

/**
 * The chains of the keys whose newest write is a difference. In a journal without a disk they have sums, and no
 * positions.
 *
 * Invariant: a key has a chain only while its newest write is a difference whose base, and the base's base, down to a
 * whole value, were recorded here with their values.
 */
export class Chains {
  readonly #chains = new Map<string, ValueChain>();

  /** The write is the newest of its key now. @param base the position of the entry of the write before */
  extend({ key, chain: sum }: JoinEffect, base: LogPosition): void {
    const chain = this.#chains.get(key);
    if (chain === undefined)
      this.#chains.set(key, { sum, whole: { file: base.file, at: base.at }, parts: [] });
    else chain.sum = sum;
  }

  get(key: string): ValueChain | undefined {
    return this.#chains.get(key);
  }

  sumOf(key: string): ChainSum {
    return this.#chains.get(key)?.sum ?? NO_CHAIN;
  }

  /** The newest write of the key is no difference any more, or is in the log as a whole value. */
  end(key: string): void {
    if (this.#chains.size > 0) this.#chains.delete(key);
  }

  /** A log entry was moved. */
  move(key: string, from: LogPosition, to: LogPosition): void {
    const chain = this.#chains.get(key);
    if (chain === undefined) return;
    if (isSame(chain.whole, from)) chain.whole = to;
    const index = chain.parts.findIndex((part) => isSame(part, from));
    if (index >= 0) chain.parts[index] = to;
  }

  /**
   * The whole value and the first differences are in the log as a whole value, at this position.
   *
   * @param chain as it was when they were read
   */
  collapse(key: string, { whole, parts }: ValueChain, to: LogPosition): void {
    const chain = this.#chains.get(key);
    const isThis = chain !== undefined && isSame(chain.whole, whole);
    if (!isThis || !parts.every((part, index) => isSame(chain.parts[index] ?? NOWHERE, part))) return;
    chain.whole = to;
    chain.parts.splice(0, parts.length);
  }

  keys(): string[] {
    return [...this.#chains.keys()];
  }

  /** Ends the chains of all keys but those for which this holds. */
  keepOnly(isKept: (key: string) => boolean): void {
    for (const key of this.keys()) if (!isKept(key)) this.#chains.delete(key);
  }
}

const NOWHERE: LogPosition = { file: 0, at: 0 };

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.at === b.at && a.file === b.file;
}
