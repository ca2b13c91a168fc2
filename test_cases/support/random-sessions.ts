import type { VersionedEvent } from '../../src/checkers/sequential-order.ts';
import { Random } from '../sim/random.ts';

export interface RandomSessions {
  readonly sessions: number;
  readonly keys: number;
  readonly events: number;
  /** How often a read finds any value of its key, whether that is right or not, from 0 to 1. */
  readonly wrong: number;
}

/**
 * What sessions see that read one log of all writes, each from its own place in the log, which only moves forward and
 * past its own writes: sequentially consistent, except for the reads that are wrong on purpose.
 */
export function randomSessions(seed: number, shape: RandomSessions): VersionedEvent[] {
  const random = new Random(seed);
  const log: { readonly key: string; readonly value: string }[] = [];
  const places = new Array<number>(shape.sessions).fill(0);
  return Array.from({ length: shape.events }, (_, at): VersionedEvent => {
    const session = random.below(shape.sessions);
    const key = `k${random.below(shape.keys)}`;
    if (random.chance(0.4)) {
      const value = `v${at}`;
      places[session] = log.push({ key, value });
      return { session, key, kind: 'write', value, version: BigInt(log.length) };
    }
    const isWrong = random.chance(shape.wrong);
    const place = isWrong
      ? random.below(log.length + 1)
      : places[session]! + random.below(log.length - places[session]! + 1);
    if (!isWrong) places[session] = place;
    const found = log.findLastIndex((write, i) => i < place && write.key === key);
    const value = found === -1 ? null : log[found]!.value;
    return { session, key, kind: 'read', value, version: found === -1 ? null : BigInt(found + 1) };
  });
}
