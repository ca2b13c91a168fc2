import type { SetEffect } from '../ordering/effect.ts';
import type { Entry } from '../store/entry.ts';

/** The entry that a store has to hold after a set. */
export function entryOf(effect: SetEffect, value: Buffer): Entry {
  const { version, flags, expiresAtMs, token, marks } = effect;
  return { version, flags, expiresAtMs, token, marks, value };
}

/** The set that a store's entry came from, without its condition. */
export function setOfEntry(key: string, entry: Entry): SetEffect {
  const { version, flags, expiresAtMs, token, marks, value } = entry;
  return { kind: 'set', version, key, condition: null, flags, expiresAtMs, token, marks, value };
}
