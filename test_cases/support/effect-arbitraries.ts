import fc from 'fast-check';
import type { Condition, Effect, EffectKind } from '../../src/ordering/effect.ts';
import { TICKS_PER_MS, VERSION_EPOCH_MS, type Version } from '../../src/ordering/version.ts';
import { deleteOf, joinOf, setOf } from './effects.ts';

/** Its type makes this table complete: a new kind of effect has to be added here. */
const KINDS: Readonly<Record<EffectKind, true>> = {
  set: true,
  join: true,
  delete: true,
  flush: true,
  'flush-later': true,
  'flush-due': true,
};
export const EFFECT_KINDS = Object.keys(KINDS) as EffectKind[];

/** Origins whose ids do not follow each other, as after controllers were added and removed. */
export const ORIGINS = [0, 5, 1_000] as const;
export const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Version times and the moments of flushes lie within so many milliseconds. */
const SPAN_MS = 8;

/**
 * Completed writes with distinct versions, in an arbitrary order.
 *
 * @param kinds the kinds that occur; the first occurs most often
 */
export function completedWrites(kinds: readonly EffectKind[], length: number): fc.Arbitrary<Effect[]> {
  const drafts = fc.record({
    time: fc.integer({ min: 1, max: SPAN_MS * TICKS_PER_MS }),
    node: fc.constantFrom(...ORIGINS),
    kind: fc.oneof({ weight: 5, arbitrary: fc.constant(kinds[0]!) }, fc.constantFrom(...kinds)),
    key: fc.constantFrom(...KEYS),
    atMs: fc.nat({ max: SPAN_MS }),
  });
  return fc
    .uniqueArray(drafts, { maxLength: length, size: 'max', selector: ({ time, node }) => `${time}.${node}` })
    .map((list) =>
      list.map(({ time, node, kind, key, atMs }) =>
        effectOfKind(
          kind,
          { time, node },
          { key, condition: null, value: null, atMs: VERSION_EPOCH_MS + atMs },
        ),
      ),
    );
}

interface AnyFields {
  readonly key: string;
  readonly condition: Condition;
  readonly value: Buffer | null;
  readonly atMs: number;
}

/** An effect of this kind, with the fields that this kind has. */
export function effectOfKind(
  kind: EffectKind,
  version: Version,
  { key, condition, value, atMs }: AnyFields,
): Effect {
  switch (kind) {
    case 'set':
      return setOf(key, version, { condition, value });
    case 'join':
      return joinOf(key, version, {
        condition: condition ?? { time: 1, node: 0 },
        part: value ?? Buffer.alloc(0),
      });
    case 'delete':
      return deleteOf(key, version, condition);
    case 'flush':
      return { kind, version };
    case 'flush-later':
    case 'flush-due':
      return { kind, version, atMs };
  }
}
