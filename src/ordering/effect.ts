import type { WallMs } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * What a write does, as it is replicated, journalled and applied: never an operation to be repeated, always
 * its outcome. The same effect applied to the same state gives the same state on every replica.
 *
 * Effects of one kind are built with their fields in the order of the declaration, so that they share one hidden class
 * wherever they come from: a client, a peer or the disk.
 */
export type Effect = SetEffect | DeleteEffect | FlushEffect | FlushLaterEffect | FlushDueEffect;

/** The effects that concern one key. */
export type KeyEffect = SetEffect | DeleteEffect;

/** A write before it has its version. */
export type Draft = Unstamped<Effect>;

type Unstamped<E> = E extends Effect ? Omit<E, 'version'> : never;

/** The key's entry is this one. */
export interface SetEffect {
  readonly kind: 'set';
  readonly version: Version;
  readonly key: string;
  readonly base: Condition;
  readonly flags: number;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  /** The entry's CAS token where it is not the version's own; null where it is. */
  readonly token: bigint | null;
  /** Bits of `MARKS`. */
  readonly marks: number;
  /** Null when the sender knows the write but has lost its value. */
  readonly value: Buffer | null;
}

/** The key has no entry. */
export interface DeleteEffect {
  readonly kind: 'delete';
  readonly version: Version;
  readonly key: string;
  readonly base: Condition;
}

/** Every entry with a smaller version ends. */
export interface FlushEffect {
  readonly kind: 'flush';
  readonly version: Version;
}

/** A flush is announced for a moment to come. */
export interface FlushLaterEffect {
  readonly kind: 'flush-later';
  readonly version: Version;
  /** Milliseconds since 1970. */
  readonly atMs: WallMs;
}

/**
 * An announced flush is carried out: every entry with a version below its moment ends. It is an effect of its own, since a
 * replica's clock must not decide what a condition finds.
 */
export interface FlushDueEffect {
  readonly kind: 'flush-due';
  readonly version: Version;
  /** Milliseconds since 1970. */
  readonly atMs: WallMs;
}

/**
 * The version that the key must still have for the effect to happen (ordered engine only): null for no condition,
 * `NO_VERSION` for "no entry there".
 */
export type Condition = Version | null;

export type EffectKind = Effect['kind'];

/** What an entry may be marked with: out of date; somebody has won the right to fill it anew. */
export const MARKS = { stale: 1, taken: 2 } as const;

/** @param base what is left of the draft's condition: null where it has been decided already */
export function effectOf(draft: Draft, version: Version, base: Condition): Effect {
  switch (draft.kind) {
    case 'set': {
      const { kind, key, flags, expiresAtMs, token, marks, value } = draft;
      return { kind, version, key, base, flags, expiresAtMs, token, marks, value };
    }
    case 'delete':
      return { kind: draft.kind, version, key: draft.key, base };
    case 'flush':
      return { kind: draft.kind, version };
    case 'flush-later':
      return { kind: draft.kind, version, atMs: draft.atMs };
    case 'flush-due':
      return { kind: draft.kind, version, atMs: draft.atMs };
  }
}

/** The effect concerns one key; a flush concerns all of them. */
export function isOfKey(effect: Effect): effect is KeyEffect {
  return effect.kind === 'set' || effect.kind === 'delete';
}

/** The condition that the effect has; null where it has none, as flushes never do. */
export function conditionOf(effect: Draft): Condition {
  return effect.kind === 'set' || effect.kind === 'delete' ? effect.base : null;
}

/** What an effect takes of a queue's or a batch's bound, in bytes: its payload and a flat rate for the rest. */
export function effectBytes(effect: Effect): number {
  if (!isOfKey(effect)) return EFFECT_OVERHEAD_BYTES;
  const valueBytes = effect.kind === 'set' && effect.value !== null ? effect.value.length : 0;
  return EFFECT_OVERHEAD_BYTES + effect.key.length + valueBytes;
}

/** Flat rate for an effect's fixed fields and bookkeeping. */
const EFFECT_OVERHEAD_BYTES = 128;
