import type { KeyEffect, SetEffect } from '../ordering/effect.ts';
import type { JournalRecord } from './journal.ts';

/** The write that a record remembers, without its flags and value, which only stores have. */
export function effectOfRecord(record: JournalRecord): KeyEffect {
  const { version, tombstone, key } = record;
  return tombstone ? { kind: 'delete', version, key, condition: null } : setOfRecord(record, 0, null);
}

/** The write of a record that is no tombstone, with the flags and the value from a store. */
export function setOfRecord(record: JournalRecord, flags: number, value: Buffer | null): SetEffect {
  const { version, key, expiresAtMs, token, marks } = record;
  return { kind: 'set', version, key, condition: null, flags, expiresAtMs, token, marks, value };
}

/** The record of a write that has just been completed. */
export function recordOfEffect(effect: KeyEffect): JournalRecord {
  const { key, version } = effect;
  if (effect.kind === 'delete')
    return { key, version, expiresAtMs: 0, tombstone: true, token: null, marks: 0, readAtSec: 0 };
  const { token, marks } = effect.kind === 'join' ? { token: null, marks: 0 } : effect;
  const { expiresAtMs } = effect;
  return { key, version, expiresAtMs, tombstone: false, token, marks, readAtSec: 0 };
}
