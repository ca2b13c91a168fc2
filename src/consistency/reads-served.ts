import { LEVELS, type Level } from '../placement/level.ts';

/** Keys that were read, by the level that served the read. Keys that a write reads are not counted. */
export type ReadsServed = Record<Level, number>;

export function noReadsServed(): ReadsServed {
  return Object.fromEntries(LEVELS.map((level) => [level, 0])) as ReadsServed;
}
