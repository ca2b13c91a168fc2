import { hashOfKey } from '../base/key-hash.ts';

/** Names what the controllers have agreed on, so that two of them can tell whether they mean the same. */
export interface Stamp {
  readonly epoch: number;
  /** Of the content: two values of one epoch were made from the same one, and only one of them was installed. */
  readonly digest: number;
}

/** The controllers go by what is configured. */
export const NO_STAMP: Stamp = Object.freeze({ epoch: 0, digest: 0 });

/** @param content with its fields in one order */
export function stampOf(epoch: number, content: unknown): Stamp {
  return { epoch, digest: hashOfKey(JSON.stringify(content)) >>> 0 };
}

/** What the stamp names is the same, or older than what the other one names. */
export function isSameOrOlder(stamp: Stamp, known: Stamp): boolean {
  return stamp.epoch < known.epoch || (stamp.epoch === known.epoch && stamp.digest === known.digest);
}
