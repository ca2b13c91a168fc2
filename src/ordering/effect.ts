import type { WallMs } from '../base/number-kinds.ts';
import type { Version } from './version.ts';

/**
 * The result of a write, as it is replicated, journalled and applied. An effect is never evaluated again: the same
 * effect applied to the same state gives the same state on every replica.
 *
 * Effects of one kind are built with their fields in the order of the declaration. So they share one hidden class,
 * whether they come from a client, from a peer or from the disk.
 */
export type Effect = SetEffect | JoinEffect | DeleteEffect | FlushEffect | FlushLaterEffect | FlushDueEffect;

/** The effects that concern one key. */
export type KeyEffect = SetEffect | JoinEffect | DeleteEffect;

/** The effects that leave the key with an entry. */
export type EntryEffect = SetEffect | JoinEffect;

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

/**
 * Adds bytes at one end of the value that the key has in the version of the condition, the **base**. The entry keeps
 * its flags and its expiry; its token is the version's own, and it has no marks.
 *
 * The effect says the sum of its **chain**: of the differences since the value was last written whole. So the writer
 * of the next difference can bound the chain, and every replica knows the same sum.
 */
export interface JoinEffect {
  readonly kind: 'join';
  readonly version: Version;
  readonly key: string;
  readonly condition: Version;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  readonly side: JoinSide;
  /** The bytes that are added. */
  readonly part: Buffer;
  /** The size of the whole value with them. */
  readonly valueBytes: number;
  readonly chain: ChainSum;
}

export type JoinSide = 'end' | 'beginning';

/** How much was added to a value, piece by piece, since it was last written whole. */
export interface ChainSum {
  readonly count: number;
  /** With a flat rate for each difference, so that the sum bounds what the chain takes wherever it is kept. */
  readonly bytes: number;
}

export const NO_CHAIN: ChainSum = Object.freeze({ count: 0, bytes: 0 });

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
    case 'join': {
      const { kind, key, condition, expiresAtMs, side, part, valueBytes, chain } = draft;
      // A difference means nothing without its base, so it keeps its condition wherever it goes.
      return { kind, version, key, condition, expiresAtMs, side, part, valueBytes, chain };
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
  return effect.kind === 'set' || effect.kind === 'join' || effect.kind === 'delete';
}

/** The key has an entry once the effect was applied. */
export function leavesEntry(effect: Effect): effect is EntryEffect {
  return effect.kind === 'set' || effect.kind === 'join';
}

/** The condition of the effect; null when it has none. Flushes never have one. */
export function conditionOf(effect: Draft): Condition {
  return 'condition' in effect ? effect.condition : null;
}

/** The write that a difference makes, for a reader that can't use the difference: the value is missing. */
export function withoutValue({ version, key, condition, expiresAtMs }: JoinEffect): SetEffect {
  return { kind: 'set', version, key, condition, flags: 0, expiresAtMs, token: null, marks: 0, value: null };
}

/** The bytes of an effect, as the bounds of queues and batches count them: its payload and a flat rate for the rest. */
export function effectBytes(effect: Effect): number {
  if (!isOfKey(effect)) return EFFECT_OVERHEAD_BYTES;
  return EFFECT_OVERHEAD_BYTES + effect.key.length + (bytesOf(effect)?.length ?? 0);
}

/** The client's bytes in the effect; null when it has none. */
export function bytesOf(effect: Effect): Buffer | null {
  if (effect.kind === 'set') return effect.value;
  return effect.kind === 'join' ? effect.part : null;
}

/** The flat rate for the fixed fields of an effect. */
const EFFECT_OVERHEAD_BYTES = 128;
