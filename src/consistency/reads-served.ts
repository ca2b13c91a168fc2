import { LEVELS, type Level } from '../placement/level.ts';

/**
 * Keys that were read, by the level that served the read; `bounded` are those that a proof of their age served. Keys
 * that a write reads are not counted.
 */
export type ReadsServed = Record<Level | 'bounded', number>;

export function noReadsServed(): ReadsServed {
  return Object.fromEntries([...LEVELS, 'bounded'].map((name) => [name, 0])) as ReadsServed;
}
