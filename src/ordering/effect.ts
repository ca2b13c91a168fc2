import type { Version } from './version.ts';

/**
 * What a write does, as it is replicated, journalled and applied: never an operation to be repeated, always
 * its outcome. The same effect applied to the same state gives the same state on every replica.
 */
export interface Effect {
  readonly version: Version;
  readonly kind: EffectKind;
  /** Empty for the flushes, which concern every key. */
  readonly key: string;
  /**
   * The version that the key must still have for this effect to happen (ordered engine only): null for no
   * condition, `NO_VERSION` for "no entry there".
   */
  readonly base: Version | null;
  readonly flags: number;
  /**
   * Of `set`: when the entry expires, milliseconds since 1970, 0 for never. Of `flush-later` and
   * `flush-due`: the moment of the flush.
   */
  readonly expiresAtMs: number;
  /** Of `set`: the entry's CAS token where it is not the version's own; null where it is. */
  readonly token: bigint | null;
  /** Of `set`: bits of `MARKS`. */
  readonly marks: number;
  /** Of `set`; null when the sender knows the write but has lost its value. Null for the other kinds. */
  readonly value: Buffer | null;
}

/** What an entry may be marked with: out of date; somebody has won the right to fill it anew. */
export const MARKS = { stale: 1, taken: 2 } as const;

export const EFFECT_KINDS = ['set', 'delete', 'flush', 'flush-later', 'flush-due'] as const;

/**
 * `flush` ends every entry with a smaller version. `flush-later` announces the same for a moment to come, and
 * `flush-due` carries it out: by then a replica's clock must not decide what a condition finds.
 */
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** The fields of an effect that sets no entry. */
export const NO_ENTRY = Object.freeze({
  key: '',
  base: null,
  flags: 0,
  expiresAtMs: 0,
  token: null,
  marks: 0,
  value: null,
});

/** What an effect takes of a queue's or a batch's bound, in bytes: its payload and a flat rate for the rest. */
export function effectBytes(effect: Effect): number {
  return EFFECT_OVERHEAD_BYTES + effect.key.length + (effect.value === null ? 0 : effect.value.length);
}

/** Flat rate for an effect's fixed fields and bookkeeping. */
const EFFECT_OVERHEAD_BYTES = 128;
