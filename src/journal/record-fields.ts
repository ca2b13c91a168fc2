import type { KeyEffect } from '../ordering/effect.ts';
import type { RecordFields } from './record-table.ts';

/**
 * The record of a write. All kinds give the same fields in the same order, so that the table sees objects of one hidden
 * class.
 *
 * @param isBaseHere of a difference: the value that it was made of is in the journal
 */
export function fieldsOf(effect: KeyEffect, isBaseHere: boolean): RecordFields {
  const { version } = effect;
  if (effect.kind === 'delete') {
    const tombstone = true;
    return {
      version,
      expiresAtMs: 0,
      tombstone,
      token: null,
      marks: 0,
      readAtSec: 0,
      valued: false,
      valueBytes: undefined,
    };
  }
  if (effect.kind === 'join') {
    const { expiresAtMs, valueBytes } = effect;
    return {
      version,
      expiresAtMs,
      tombstone: false,
      token: null,
      marks: 0,
      readAtSec: 0,
      valued: isBaseHere,
      valueBytes,
    };
  }
  const { expiresAtMs, token, marks, value } = effect;
  const valued = value !== null;
  const valueBytes = value?.length;
  return { version, expiresAtMs, tombstone: false, token, marks, readAtSec: 0, valued, valueBytes };
}
