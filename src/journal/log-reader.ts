import type { DiskFile } from './disk.ts';
import { DamageError } from './journal-error.ts';
import { ENTRY_BYTES_MIN, entryLength, type LogEntry, readEntry } from './log-entry.ts';

/**
 * Reads one entry and verifies its checksum.
 *
 * @throws DamageError when there is none; the system's error when the file can't be read
 */
export async function readEntryAt(file: DiskFile, at: number): Promise<LogEntry> {
  const size = await file.size();
  if (at + ENTRY_BYTES_MIN > size) throw new DamageError('an entry is missing');
  const first = await file.read(at, Math.min(FIRST_BYTES, size - at));
  const length = entryLength(first, 0);
  if (at + length > size) throw new DamageError('an entry is not whole');
  return readEntry(length <= first.length ? first.subarray(0, length) : await file.read(at, length));
}

/** How much is read first, in bytes: most entries need no second read. */
const FIRST_BYTES = 4096;
