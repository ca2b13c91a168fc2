import type { WallMs } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * The result of a write, as it is replicated, journalled and applied. An effect is never evaluated again: the same
 * effect applied to the same state gives the same state on every replica.
 *
 * Effects of one kind are built with their fields in the order of the declaration. So they share one hidden class,
 * whether they come from a client, from a peer or from the disk.
 */
export type Effect = SetEffect | DeleteEffect | FlushEffect | FlushLaterEffect | FlushDueEffect;

/** The effects that concern one key. */
export type KeyEffect = SetEffect | DeleteEffect;

/** A write before it has its version. */
export type Draft = Unstamped<Effect>;

type Unstamped<E> = E extends Effect ? Omit<E, 'version'> : never;

/** Replaces the entry of the key. */
export interface SetEffect {
  readonly kind: 'set';
  readonly version: Version;
  readonly key: string;
  readonly condition: Condition;
  readonly flags: number;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  /** The CAS token of the entry; null when it is the packed version. */
  readonly token: bigint | null;
  /** Bits of `MARKS`. */
  readonly marks: number;
  /** Null when the sender of the effect has lost the value. */
  readonly value: Buffer | null;
}

/** Removes the entry of the key. */
export interface DeleteEffect {
  readonly kind: 'delete';
  readonly version: Version;
  readonly key: string;
  readonly condition: Condition;
}

/** Ends every entry with a smaller version. */
export interface FlushEffect {
  readonly kind: 'flush';
  readonly version: Version;
}

/** Announces a flush for a later moment. */
export interface FlushLaterEffect {
  readonly kind: 'flush-later';
  readonly version: Version;
  /** Milliseconds since 1970. */
  readonly atMs: WallMs;
}

/**
 * Carries out an announced flush: ends every entry with a version below its moment. It is an effect of its own,
 * because the clock of a replica must not decide what a condition finds.
 */
export interface FlushDueEffect {
  readonly kind: 'flush-due';
  readonly version: Version;
  /** Milliseconds since 1970. */
  readonly atMs: WallMs;
}

/**
 * The version that the key must still have when the effect is applied; `NO_VERSION` means that the key must have no
 * entry. Null for no condition. Only ordered groups replicate conditions.
 */
export type Condition = Version | null;

export type EffectKind = Effect['kind'];

/** The states of an entry that meta commands set and show. `taken`: a client has won the right to recache it. */
export const MARKS = { stale: 1, taken: 2 } as const;

/** @param condition the condition of the draft, or null when it has been decided already */
export function effectOf(draft: Draft, version: Version, condition: Condition): Effect {
  switch (draft.kind) {
    case 'set': {
      const { kind, key, flags, expiresAtMs, token, marks, value } = draft;
      return { kind, version, key, condition, flags, expiresAtMs, token, marks, value };
    }
    case 'delete':
      return { kind: draft.kind, version, key: draft.key, condition };
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

/** The condition of the effect; null when it has none. Flushes never have one. */
export function conditionOf(effect: Draft): Condition {
  return effect.kind === 'set' || effect.kind === 'delete' ? effect.condition : null;
}

/** The bytes of an effect, as the bounds of queues and batches count them: its payload and a flat rate for the rest. */
export function effectBytes(effect: Effect): number {
  if (!isOfKey(effect)) return EFFECT_OVERHEAD_BYTES;
  const valueBytes = effect.kind === 'set' && effect.value !== null ? effect.value.length : 0;
  return EFFECT_OVERHEAD_BYTES + effect.key.length + valueBytes;
}

/** The flat rate for the fixed fields of an effect. */
const EFFECT_OVERHEAD_BYTES = 128;
