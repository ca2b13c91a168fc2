import type { KeyEffect, SetEffect } from '../ordering/effect.ts';
import type { JournalRecord } from './journal.ts';

/** The write that a record remembers, without its flags and value, which only stores have. */
export function effectOfRecord(record: JournalRecord): KeyEffect {
  const { version, tombstone, key } = record;
  return tombstone ? { kind: 'delete', version, key, base: null } : setOfRecord(record, 0, null);
}

/** The write of an entry that is there, with the flags and the value that a store has of it. */
export function setOfRecord(record: JournalRecord, flags: number, value: Buffer | null): SetEffect {
  const { version, key, expiresAtMs, token, marks } = record;
  return { kind: 'set', version, key, base: null, flags, expiresAtMs, token, marks, value };
}

/** What is remembered of a write that has just been completed. */
export function recordOfEffect(effect: KeyEffect): JournalRecord {
  const { key, version } = effect;
  if (effect.kind === 'delete')
    return { key, version, expiresAtMs: 0, tombstone: true, token: null, marks: 0, readAtSec: 0 };
  const { expiresAtMs, token, marks } = effect;
  return { key, version, expiresAtMs, tombstone: false, token, marks, readAtSec: 0 };
}
