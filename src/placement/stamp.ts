import { createHash } from 'node:crypto';

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
  const hash = createHash('sha256').update(JSON.stringify(content)).digest();
  return { epoch, digest: hash.readUIntBE(0, DIGEST_BYTES) };
}

/** What the stamp names is the same, or older than what the other one names. */
export function isSameOrOlder(stamp: Stamp, known: Stamp): boolean {
  return stamp.epoch < known.epoch || (stamp.epoch === known.epoch && stamp.digest === known.digest);
}

const DIGEST_BYTES = 6;
