import type { Action, Answer, Event, History, Value } from '../../src/checkers/history.ts';
import { step } from '../../src/checkers/history.ts';
import { Random } from '../sim/random.ts';

const KINDS: readonly Action['kind'][] = [
  'get',
  'get',
  'set',
  'add',
  'replace',
  'append',
  'cas',
  'incr',
  'delete',
];

/**
 * A small history of a store that is correct, or nearly so: each operation takes effect at a random moment, some of
 * them late or on an old value. Both valid and broken histories result.
 */
export function randomHistory(seed: number, operations: number, keys: readonly string[]): History {
  const random = new Random(seed);
  const wrongness = random.pick([0, 0.2, 0.5]);
  const values = new Map<string, Value[]>(keys.map((key) => [key, [null]]));
  const nextFree = [0, 0, 0];
  const moments = Array.from({ length: operations }, (_, i) => {
    const client = random.below(nextFree.length);
    const invokedAt = nextFree[client]! + 1 + random.below(3);
    const returnedAt = invokedAt + 1 + random.below(6);
    nextFree[client] = returnedAt;
    const at = random.between(invokedAt, returnedAt);
    return { client, invokedAt, returnedAt, at, action: actionOf(random, i), key: random.pick(keys) };
  });
  return moments
    .sort((a, b) => a.at - b.at)
    .map(({ client, invokedAt, returnedAt, action, key }): Event => {
      const known = values.get(key)!;
      const back = random.chance(wrongness) ? 2 : 1;
      const { answer, next } = step(known.at(-back) ?? null, action);
      const happens = !random.chance(wrongness / 2);
      if (happens) known.push(next);
      const unknown = random.chance(0.15) && action.kind !== 'get';
      if (unknown)
        return { client, key, action, answer: UNKNOWN, invokedAt, returnedAt: Number.POSITIVE_INFINITY };
      return { client, key, action, answer, invokedAt, returnedAt };
    });
}

const UNKNOWN: Answer = { kind: 'unknown' };

function actionOf(random: Random, i: number): Action {
  const kind = random.pick(KINDS);
  const value = String((i + 1) * 1_000);
  switch (kind) {
    case 'set':
    case 'add':
    case 'replace':
      return { kind, value };
    case 'append':
      return { kind, value: `,${value}` };
    case 'cas':
      return { kind, expected: String((1 + random.below(i + 1)) * 1_000), value };
    case 'incr':
      return { kind, by: 1 };
    default:
      return { kind } as Action;
  }
}
