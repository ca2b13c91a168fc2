import { type Effect, NO_ENTRY } from '../ordering/effect.ts';
import type { JournalRecord } from './journal.ts';

/** The write that a record remembers, without its flags and value, which only stores have. */
export function effectOfRecord(record: JournalRecord): Effect {
  const { version, tombstone, key, expiresAtMs, token, marks } = record;
  return { ...NO_ENTRY, version, kind: tombstone ? 'delete' : 'set', key, expiresAtMs, token, marks };
}
