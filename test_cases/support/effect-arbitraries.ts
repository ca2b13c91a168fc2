import fc from 'fast-check';
import type { Condition, Effect, EffectKind } from '../../src/ordering/effect.ts';
import { TICKS_PER_MS, VERSION_EPOCH_MS, type Version } from '../../src/ordering/version.ts';
import { deleteOf, setOf } from './effects.ts';

/** Complete by its type: a kind that is added has to be added here. */
const KINDS: Readonly<Record<EffectKind, true>> = {
  set: true,
  delete: true,
  flush: true,
  'flush-later': true,
  'flush-due': true,
};
export const EFFECT_KINDS = Object.keys(KINDS) as EffectKind[];

export const NODES = 3;
export const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Version times reach this many milliseconds; so do the moments of flushes. */
const SPAN_MS = 8;

/**
 * Completed writes, each of a version of its own, in the order in which they happen to come in.
 *
 * @param kinds those that occur; the first most often
 */
export function completedWrites(kinds: readonly EffectKind[], length: number): fc.Arbitrary<Effect[]> {
  const drafts = fc.record({
    time: fc.integer({ min: 1, max: SPAN_MS * TICKS_PER_MS }),
    node: fc.nat({ max: NODES - 1 }),
    kind: fc.oneof({ weight: 5, arbitrary: fc.constant(kinds[0]!) }, fc.constantFrom(...kinds)),
    key: fc.constantFrom(...KEYS),
    atMs: fc.nat({ max: SPAN_MS }),
  });
  return fc
    .uniqueArray(drafts, { maxLength: length, size: 'max', selector: ({ time, node }) => `${time}.${node}` })
    .map((list) =>
      list.map(({ time, node, kind, key, atMs }) =>
        effectOfKind(kind, { time, node }, { key, base: null, value: null, atMs: VERSION_EPOCH_MS + atMs }),
      ),
    );
}

interface AnyFields {
  readonly key: string;
  readonly base: Condition;
  readonly value: Buffer | null;
  readonly atMs: number;
}

/** An effect of this kind, with those of the fields that the kind has. */
export function effectOfKind(
  kind: EffectKind,
  version: Version,
  { key, base, value, atMs }: AnyFields,
): Effect {
  switch (kind) {
    case 'set':
      return setOf(key, version, { base, value });
    case 'delete':
      return deleteOf(key, version, base);
    case 'flush':
      return { kind, version };
    case 'flush-later':
    case 'flush-due':
      return { kind, version, atMs };
  }
}
