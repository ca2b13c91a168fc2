import {
  type Condition,
  type DeleteEffect,
  type Effect,
  isOfKey,
  type JoinEffect,
  type SetEffect,
} from '../../src/ordering/effect.ts';
import type { Version } from '../../src/ordering/version.ts';

/** A set effect; a test names only the fields that it is about. */
export function setOf(key: string, version: Version, fields: Partial<SetEffect> = {}): SetEffect {
  const plain = { condition: null, flags: 0, expiresAtMs: 0, token: null, marks: 0, value: null };
  return { kind: 'set', version, key, ...plain, ...fields };
}

/** Bytes at the end of the value of another version; a test names only the fields that it is about. */
export function joinOf(
  key: string,
  version: Version,
  fields: Pick<JoinEffect, 'condition' | 'part'> & Partial<JoinEffect>,
): JoinEffect {
  const valueBytes = fields.part.length;
  const plain = {
    flags: 0,
    expiresAtMs: 0,
    side: 'end',
    valueBytes,
    chain: { count: 1, bytes: valueBytes },
  } as const;
  return { kind: 'join', version, key, ...plain, ...fields };
}

export function deleteOf(key: string, version: Version, condition: Condition = null): DeleteEffect {
  return { kind: 'delete', version, key, condition };
}

/** The key that the effect concerns; null if it concerns all keys. */
export function keyOf(effect: Effect): string | null {
  return isOfKey(effect) ? effect.key : null;
}

/** The value in the effect; null if it has none. */
export function valueIn(effect: Effect): Buffer | null {
  return effect.kind === 'set' ? effect.value : null;
}
